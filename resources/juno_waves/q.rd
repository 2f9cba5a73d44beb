<resource schema="juno_waves" resdir="juno_waves">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Juno/Waves: calibrated dynamic spectra of Jupiter</meta>
  <meta name="shortName">juno_waves</meta>
  <meta name="description" format="rst">
    Dynamic spectra of Jupiter's radio emissions between 50 Hz and 40.5 MHz by the Waves instrument
    of Juno, calibrated as flux densities, with background and standard deviation of each channel.
    One row is one day.
  </meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">jupiter</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="creator">Louis, C. K.; Zarka, P.; Cecconi, B.; Kurth, W. S.</meta>
  <meta name="source">doi:10.1029/2021JA029435</meta>
  <meta name="facility">Juno</meta>
  <meta name="instrument">Waves</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://maser.obspm.fr/</meta>
  <LOOP source="epnkit/q#publication">
    <codeItems>
      import os
      import tomllib
      folder = os.path.join(base.getConfig("inputsDir"), os.path.dirname(context.forRD))
      with open(os.path.join(folder, "collections.toml"), "rb") as f:
        for each in tomllib.load(f)["collection"]:
          yield {"doi": each["doi"], "title": each["title"]}
    </codeItems>
  </LOOP>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="juno_waves"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="juno_waves"/>
  <FEED source="epnkit/q#form" name="juno_waves"/>

  <regSuite title="Juno/Waves">
    <!-- The first asserts what is published of one real file; the others the replica's values. -->
    <regTest title="29 March 2017 has its day and its frequencies.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        obs_id FROM juno_waves.epn_core
        WHERE granule_uid='jno_wav_cdr_lesia_20170329_v02'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2457841.5, places=8)
        self.assertAlmostEqual(row["time_max"], 2457842.499988426, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 48.828, places=3)
        self.assertAlmostEqual(row["spectral_range_max"], 4.05e7, places=1)
        self.assertEqual(row["obs_id"], "jno_wav_cdr_lesia_20170329")
      </code>
    </regTest>
    <regTest title="The last day of 2016 ends with its leap second.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max FROM juno_waves.epn_core
        WHERE granule_uid='jno_wav_cdr_lesia_20161231_v02'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2457753.5, places=8)
        self.assertAlmostEqual(row["time_max"], 2457754.499988426, places=8)
      </code>
    </regTest>
    <regTest title="The first version is a published data set.">
      <url parSet="TAP" QUERY="SELECT DISTINCT bib_reference FROM juno_waves.epn_core
        WHERE granule_gid='jno_wav_cdr_lesia v01'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["bib_reference"],
          "doi:10.1029/2021JA029435#doi:10.25935/6jg4-mk86")
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
