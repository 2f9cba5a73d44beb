<resource schema="dkist" resdir="dkist">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">Data sets of the Daniel K. Inouye Solar Telescope</meta>
  <meta name="shortName">dkist</meta>
  <meta name="description" format="rst">
    Spectra, images and polarisation of the Sun by the instruments of DKIST (VISP, VBI, CRYO-NIRSP,
    DL-NIRSP, VTF).  One row is one data set, of up to a hundred thousand files; what describes it is
    one ASDF file.  The service ``files`` lists those that a part of a data set needs.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-atmosphere</meta>
  <meta name="subject">spectropolarimetry</meta>
  <meta name="creator">DKIST Data Center; National Solar Observatory</meta>
  <meta name="facility">Daniel K. Inouye Solar Telescope</meta>
  <meta name="instrument">VISP</meta>
  <meta name="instrument">VBI</meta>
  <meta name="instrument">CRYO-NIRSP</meta>
  <meta name="instrument">DL-NIRSP</meta>
  <meta name="instrument">VTF</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="coverage.waveband">Infrared</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://nso.edu/dkist/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url coverage feature_name target_region proposal_id bib_reference
        internal_reference processing_level_desc">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <FEED source="epnkit/q#place"/>

    <column name="stokes_parameters" type="text" ucd="meta.id;phys.polarization"
      tablehead="Stokes" description="The Stokes parameters that were measured, separated by
        hashes."/>
    <column name="experiment_id" type="text" ucd="meta.id;obs.proposal"
      tablehead="Experiment" description="Experiments that the data set belongs to, separated by
        hashes."/>
    <column name="spectral_lines" type="text" ucd="meta.id;em.line"
      tablehead="Lines" description="Spectral lines that were aimed at, separated by hashes."/>
    <column name="frame_count" type="integer" required="False" ucd="meta.number;meta.file"
      tablehead="Files" description="Number of files (frames) of the data set.">
      <values nullLiteral="-1"/>
    </column>
    <column name="array_shape" type="text" ucd="meta.number"
      tablehead="Shape" description="Lengths of the axes of the data set's array (of a tile, if it
        is a mosaic), the slowest first, separated by hashes: what a part of it refers to."/>
    <column name="dataset_size" type="double precision" unit="Gbyte"
      ucd="phys.size;meta.file" tablehead="Size" description="Size of all files together."/>
    <column name="workflow" type="text" ucd="meta.id;meta.software"
      tablehead="Workflow" description="Name and version of the calibration."/>
    <column name="footprint_area" type="double precision" unit="deg**2" ucd="phys.area"
      tablehead="Area" description="Area of the footprint on the sphere."/>
    <column name="footprint_flags" type="text" ucd="meta.code"
      tablehead="Footprint" description="What was done to the outline to make the footprint of it
        (clipped, joined, no_polygon, off_limb, bad), separated by hashes."/>
    <column name="footprint_origin" type="text" ucd="meta.code"
      tablehead="Outline" description="What the footprint was drawn of: wcs, the world coordinates of
        all frames; bounding_box, as the archive gives it; bounding_box#wcs_differs, if both
        contradict each other."/>
    <column name="file_array" type="text" hidden="True" ucd="meta.id;meta.file" verbLevel="30"
      description="The data set's files, for the service that lists those of a part."/>
  </table>

  <FEED source="epnkit/q#files_of_parts" name="dkist"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="dkist"/>
  <FEED source="epnkit/q#form" name="dkist"/>

  <regSuite title="DKIST">
    <!-- The first asserts what two public records say; the others the replica's values. -->
    <regTest title="BRMQY has the times and frequencies of its record.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        dataproduct_type, stokes_parameters, time_exp_min, feature_name, proposal_id, frame_count
        FROM dkist.epn_core WHERE granule_uid='BRMQY'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2460185.358922558, places=8)
        self.assertAlmostEqual(row["time_max"], 2460185.360771192, places=8)
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 7.610450158, places=8)
        self.assertAlmostEqual(row["spectral_range_max"]/1e14, 7.630311977, places=8)
        self.assertEqual(row["dataproduct_type"], "sc")
        self.assertEqual(row["stokes_parameters"], "I#Q#U#V")
        self.assertAlmostEqual(row["time_exp_min"], 0.1200018, places=7)
        self.assertEqual(row["feature_name"], "sunspot")
        self.assertEqual(row["proposal_id"], "pid_2_67")
        self.assertEqual(row["frame_count"], 400)
      </code>
    </regTest>
    <regTest title="A map of a data set of 9,728 files needs 19 of them.">
      <url ID="ALRGE" slice="0,50">files/dlget</url>
      <code>
        rows = self.getVOTableRows()
        self.assertEqual(len(rows), 19)
        self.assertEqual(rows[0]["array_index"], "0,50,0")
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
