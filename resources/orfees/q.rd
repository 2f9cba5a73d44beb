<resource schema="orfees" resdir="orfees">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">ORFEES solar dynamic spectra</meta>
  <meta name="shortName">orfees</meta>
  <meta name="description" format="rst">
    Dynamic spectra of the Sun between 144 and 1004 MHz by the ORFEES radio spectrograph at
    Nançay.  One row is one file.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-radio-emission</meta>
  <meta name="subject">radio-spectroscopy</meta>
  <meta name="creator">Observatoire de Paris; Station de radioastronomie de Nançay</meta>
  <meta name="facility">Nancay Radio Observatory</meta>
  <meta name="instrument">ORFEES</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://rsdb.obs-nancay.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="orfees"/>

  <data id="import" updating="True">
    <sources pattern="source.json"/>
    <customGrammar module="../grammars/elasticsearch"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="orfees"/>
  <FEED source="epnkit/q#form" name="orfees"/>

  <regSuite title="ORFEES">
    <!-- These assert the replica's values; on the real archive, take a file of its own. -->
    <regTest title="A file whose name has a dot in its stem keeps it, and has its step.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        time_sampling_step_min, dataproduct_type, obs_id FROM orfees.epn_core
        WHERE granule_uid='int_orf20241110_120000_0.1'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2460625.0, places=8)
        self.assertAlmostEqual(row["time_max"], 2460625.083333333, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 1.44e8, places=1)
        self.assertAlmostEqual(row["spectral_range_max"], 1.004e9, places=1)
        self.assertAlmostEqual(row["time_sampling_step_min"], 0.1, places=7)
        self.assertEqual(row["dataproduct_type"], "ds")
        self.assertEqual(row["obs_id"], "orfees_20241110")
      </code>
    </regTest>
    <regTest title="Datalink leads to the file and to the picture of the day.">
      <url ID="int_orf20241110_120000_0.1">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row for row in self.getVOTableRows()}
        self.assertTrue(
          links["#this"]["access_url"].endswith("/2024/11/int_orf20241110_120000_0.1.fts"))
        self.assertTrue(links["#preview"]["access_url"].endswith("/QL/orfees20241110.png"))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
