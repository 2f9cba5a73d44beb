<resource schema="wind_waves" resdir="wind_waves">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Wind/Waves: radio spectra of the Sun and of the Earth</meta>
  <meta name="shortName">wind_waves</meta>
  <meta name="description" format="rst">
    Radio spectra between 4 kHz and 13.825 MHz by the Waves instrument of Wind (receivers RAD1, RAD2
    and TNR): calibrated spectra, averages over a minute, and directions of solar bursts and of the
    Earth's auroral kilometric radiation.  One row is one file of a day.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-radio-emission</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="creator">Bougeret, J.-L.; Bonnin, X.; Cecconi, B.; CDPP</meta>
  <meta name="source">1995SSRv...71..231B</meta>
  <meta name="facility">Wind</meta>
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
        datalink_url target_region feature_name bib_reference publisher">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="wind_waves"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="wind_waves"/>
  <FEED source="epnkit/q#form" name="wind_waves"/>

  <regSuite title="Wind/Waves">
    <!-- The first two assert what is published of real files; the other the replica's values. -->
    <regTest title="The kilometric radiation of 1 January 1999 has the times of its file.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        obs_id, target_name, time_sampling_step_min FROM wind_waves.epn_core
        WHERE granule_uid='wi_wa_rad1_l3-akr_19990101_v01'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2451179.500608853, places=8)
        self.assertAlmostEqual(row["time_max"], 2451180.4975194205, places=8)
        self.assertEqual(row["spectral_range_min"], 2e4)
        self.assertEqual(row["spectral_range_max"], 1.04e6)
        self.assertEqual(row["obs_id"], "wi_wa_rad1_19990101")
        self.assertEqual(row["target_name"], "Earth")
        self.assertEqual(row["time_sampling_step_min"], 183)
      </code>
    </regTest>
    <regTest title="A file of spectra is of the Earth and of the Sun.">
      <url parSet="TAP" QUERY="SELECT target_name, target_class, publisher, access_format
        FROM wind_waves.epn_core WHERE granule_uid='wi_wa_rad1_l2_19941110_v01'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["target_name"], "Earth#Sun")
        self.assertEqual(row["target_class"], "planet#star")
        self.assertEqual(row["publisher"], "CNES/CDPP")
        self.assertEqual(row["access_format"], "application/octet-stream")
      </code>
    </regTest>
    <regTest title="Each data set is there.">
      <url parSet="TAP" QUERY="SELECT COUNT(DISTINCT granule_gid) AS n
        FROM wind_waves.epn_core">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["n"], 9)
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
