<resource schema="gris" resdir="gris">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">GRIS infrared spectropolarimetry</meta>
  <meta name="shortName">gris</meta>
  <meta name="description" format="rst">
    Maps and series of infrared spectra of the Sun, most with polarisation, by the GREGOR Infrared
    Spectrograph on Tenerife.  One row is one observation, the inversion of one (magnetic field and
    velocity), or its context image.  The field of the slit and its scan is given in ``s_region`` in
    Carrington longitude and latitude.  What is under an embargo is announced, with its release
    date; its data are linked from then on.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-photosphere</meta>
  <meta name="subject">spectropolarimetry</meta>
  <meta name="creator">Institut für Sonnenphysik (KIS); Science Data Centre</meta>
  <meta name="facility">GREGOR</meta>
  <meta name="instrument">GRIS</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Infrared</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://archive.sdc.leibniz-kis.de/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region coverage bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <FEED source="epnkit/q#place"/>
    <FEED source="epnkit/q#pointing"/>

    <column name="accumulations" type="integer" required="False" ucd="meta.number"
      tablehead="Accumulations" description="Exposures that were added at each step.">
      <values nullLiteral="-1"/>
    </column>
    <column name="scan_steps" type="integer" required="False" ucd="meta.number"
      tablehead="Steps" description="Positions of the slit; 1 where it stood still.">
      <values nullLiteral="-1"/>
    </column>
    <column name="step_size" type="double precision" unit="arcsec" ucd="pos.angDistance;instr"
      tablehead="Step" description="How far the slit moved between two positions."/>
    <column name="series" type="integer" required="False" ucd="meta.number"
      tablehead="Series" description="Number of the map in a series.">
      <values nullLiteral="-1"/>
    </column>
    <column name="polarisation_states" type="integer" required="False" ucd="meta.number"
      tablehead="States" description="States of polarisation that were measured; 4 give Stokes
      I, Q, U and V.">
      <values nullLiteral="-1"/>
    </column>
    <column name="fried_parameter" type="double precision" unit="m" ucd="instr.obsty.seeing"
      tablehead="r0" description="Fried parameter of the seeing, mean of the observation."/>
    <column name="imaging_system" type="text" ucd="meta.id;instr"
      tablehead="Imaging system" description="The optical train that was used."/>
    <column name="data_set" type="text" ucd="meta.id;meta.dataset"
      tablehead="Data set" description="Name of the data set in the archive's Rucio."/>
    <column name="file_array" type="text" hidden="True" ucd="meta.id;meta.file" verbLevel="30"
      description="The files, for the service that lists those of a part."/>
  </table>

  <FEED source="epnkit/q#files_of_parts" name="gris"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/rucio"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="gris"/>
  <FEED source="epnkit/q#form" name="gris"/>

  <regSuite title="GRIS">
    <!-- The first asserts what the one public example says; the others the replica's values. -->
    <regTest title="The example of 2017 has its wavelength, its angle and its step.">
      <url parSet="TAP" QUERY="SELECT spectral_range_min, spectral_range_max, theta, mu, step_size,
        accumulations, time_exp_min, dataproduct_type, measurement_type
        FROM gris.epn_core WHERE granule_uid='gris_20170929_011'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 2.767170253, places=8)
        self.assertAlmostEqual(row["theta"], 20.369, places=9)
        self.assertAlmostEqual(row["mu"], 0.937, places=9)
        self.assertAlmostEqual(row["step_size"], 0.135, places=9)
        self.assertEqual(row["accumulations"], 10)
        self.assertAlmostEqual(row["time_exp_min"], 1.0, places=9)
        self.assertEqual(row["dataproduct_type"], "sc")
      </code>
    </regTest>
    <regTest title="Its datalink lists each file, the package, the inversion and two previews.">
      <url ID="gris_20170929_011">dl/dlmeta</url>
      <code>
        rows = self.getVOTableRows()
        found = [row["semantics"] for row in rows]
        self.assertEqual(found.count("#this"), 250)
        for semantics in ("#package", "#derivation", "#calibration"):
          self.assertEqual(found.count(semantics), 1)
        self.assertEqual(found.count("#preview"), 2)
      </code>
    </regTest>
    <regTest title="A part of its files can be asked for.">
      <url ID="gris_20170929_011" slice="100:150">files</url>
      <code>
        rows = self.getVOTableRows()
        self.assertEqual(len(rows), 50)
        self.assertTrue(all(row["access_url"] and row["content_length"] for row in rows))
      </code>
    </regTest>
    <regTest title="What is under an embargo is announced, and leads to no data.">
      <url parSet="TAP" QUERY="SELECT COUNT(*) AS n, COUNT(access_url) AS links,
        COUNT(thumbnail_url) AS looks FROM gris.epn_core
        WHERE release_date > '2090-01-01'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertTrue(row["n"] > 0)
        self.assertEqual((row["links"], row["looks"]), (0, 0))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
