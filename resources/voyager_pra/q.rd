<resource schema="voyager_pra" resdir="voyager_pra">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Voyager/PRA: radio spectra of the giant planets</meta>
  <meta name="shortName">voyager_pra</meta>
  <meta name="description" format="rst">
    Radio spectra of Jupiter, Saturn, Uranus and Neptune between 1.2 and 1326 kHz by the Planetary
    Radio Astronomy experiment of Voyager 1 and 2: the spectra of each encounter every 6 s, and
    summaries of each day every 48 s.  One row is one file.
  </meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">jupiter</meta>
  <meta name="subject">saturn</meta>
  <meta name="subject">uranus</meta>
  <meta name="subject">neptune</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="creator">Warwick, J. W.; Planetary Data System, Planetary Plasma Interactions</meta>
  <meta name="source">1977SSRv...21..309W</meta>
  <meta name="facility">Voyager 1</meta>
  <meta name="facility">Voyager 2</meta>
  <meta name="instrument">PRA</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://pds-ppi.igpp.ucla.edu/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region bib_reference publisher">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="voyager_pra"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="voyager_pra"/>
  <FEED source="epnkit/q#form" name="voyager_pra"/>

  <regSuite title="Voyager/PRA">
    <!-- These assert the replica's values; on the real archive, take a label of its own. -->
    <regTest title="The summary of 6 March 1979 has its day, and the century of its name.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        target_name, instrument_host_name, time_sampling_step_min, access_format
        FROM voyager_pra.epn_core
        WHERE granule_uid='VG1-J-PRA-4-SUMM-BROWSE-48SEC-V1.0_T790306'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2443938.5, places=8)
        self.assertAlmostEqual(row["time_max"], 2443939.5, places=6)
        self.assertEqual(row["spectral_range_min"], 1200)
        self.assertEqual(row["spectral_range_max"], 1326000)
        self.assertEqual(row["target_name"], "Jupiter")
        self.assertEqual(row["instrument_host_name"], "voyager-1")
        self.assertEqual(row["time_sampling_step_min"], 48)
        self.assertEqual(row["access_format"], "application/octet-stream")
      </code>
    </regTest>
    <regTest title="A name without a day is a whole encounter.">
      <url parSet="TAP" QUERY="SELECT time_max-time_min AS days, processing_level
        FROM voyager_pra.epn_core
        WHERE granule_uid='VG2-N-PRA-3-RDR-LOWBAND-6SEC-V1.0_VG2_NEP_PRA_6SEC'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["days"], 167, places=5)
        self.assertEqual(row["processing_level"], 3)
      </code>
    </regTest>
    <regTest title="Datalink leads to the data, and to their label.">
      <url ID="VG1-J-PRA-3-RDR-LOWBAND-6SEC-V1.0_PRA_I">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row["access_url"] for row in self.getVOTableRows()}
        self.assertTrue(links["#this"].endswith("/PRA_I.TAB"))
        self.assertTrue(links["#detached-header"].endswith("/PRA_I.LBL"))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
