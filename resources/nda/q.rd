<resource schema="nda" resdir="nda">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Nançay Decameter Array: Jupiter and the Sun</meta>
  <meta name="shortName">nda</meta>
  <meta name="description" format="rst">
    Dynamic spectra of Jupiter and the Sun between 10 and 88 MHz by the Nançay Decameter Array:
    Routine, every day since 1990, and NewRoutine.  One row is one file: calibrated spectra (CDF,
    FITS), summary plots (PDF) or the receiver's raw file; those of one observation share obs_id.
  </meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">jupiter</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="subject">solar-radio-emission</meta>
  <meta name="creator">Observatoire de Paris; Station de radioastronomie de Nançay</meta>
  <meta name="source">2000GMS...119..321L</meta>
  <meta name="facility">Station de radioastronomie de Nançay</meta>
  <meta name="instrument">Nançay Decameter Array</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://www.obs-nancay.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region feature_name bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="nda"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="nda"/>
  <FEED source="epnkit/q#form" name="nda"/>

  <regSuite title="Nançay Decameter Array">
    <!-- The first asserts what is published of one real file; the others the replica's values. -->
    <regTest title="The observation of 30 January 2016 has the times of its spectra.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        obs_id, target_name, processing_level FROM nda.epn_core
        WHERE granule_uid='J160131_cdf'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2457418.449375347, places=8)
        self.assertAlmostEqual(row["time_max"], 2457418.781929167, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 1e7, places=1)
        self.assertAlmostEqual(row["spectral_range_max"], 3.9925e7, places=1)
        self.assertEqual(row["obs_id"], "J160131")
        self.assertEqual(row["target_name"], "Jupiter")
        self.assertEqual(row["processing_level"], 2)
      </code>
    </regTest>
    <regTest title="An observation has its spectra, its plots and its raw file.">
      <url parSet="TAP" QUERY="SELECT granule_uid, granule_gid, access_format FROM nda.epn_core
        WHERE obs_id='J160131' ORDER BY granule_uid">/tap/sync</url>
      <code>
        self.assertEqual(
          [(row["granule_uid"], row["access_format"]) for row in self.getVOTableRows()],
          [("J160131_cdf", "application/x-cdf"), ("J160131_pdf", "application/pdf"),
           ("J160131_rt1", "application/octet-stream")])
      </code>
    </regTest>
    <regTest title="Datalink leads to the spectra, to what they were made of, and to plots.">
      <url ID="J160131_cdf">dl/dlmeta</url>
      <code>
        links = [(row["semantics"], row["content_type"]) for row in self.getVOTableRows()]
        for expected in [("#this", "application/x-cdf"), ("#preview", "application/pdf"),
            ("#preview", "image/png"), ("#progenitor", "application/octet-stream"),
            ("#documentation", "text/html")]:
          self.assertTrue(expected in links, expected)
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
