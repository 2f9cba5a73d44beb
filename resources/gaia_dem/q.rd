<resource schema="gaia_dem" resdir="gaia_dem">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">Gaia-DEM: thermal structure of the solar corona</meta>
  <meta name="shortName">gaia_dem</meta>
  <meta name="description" format="rst">
    Maps of the whole Sun that describe the corona's differential emission measure by a Gaussian in
    the logarithm of temperature: its maximum, its temperature, its width, and the chi squared of
    the fit.  They are made of images in six channels of AIA on SDO.  One row is one map; the four
    of an observation share their obs_id.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-corona</meta>
  <meta name="creator">Institut d'Astrophysique Spatiale; MEDOC</meta>
  <meta name="facility">Solar Dynamics Observatory</meta>
  <meta name="instrument">AIA</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">EUV</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://idoc.osups.universite-paris-saclay.fr/medoc/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region coverage spatial_coordinate_description map_projection
        subobserver_longitude_min subobserver_longitude_max
        subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="sunum" type="integer" required="False" ucd="meta.id;meta.dataset"
      tablehead="SUNUM" description="Storage unit of the image at 193 Angstrom in JSOC's archive.">
      <values nullLiteral="-1"/>
    </column>
  </table>

  <FEED source="epnkit/q#datalink" name="gaia_dem"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/records"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="gaia_dem"/>
  <FEED source="epnkit/q#form" name="gaia_dem"/>

  <regSuite title="Gaia-DEM">
    <!-- The first asserts what MEDOC's own client asserts; the others the replica's values. -->
    <regTest title="The maps of an observation of 2012 share its time and its band.">
      <url parSet="TAP" QUERY="SELECT granule_uid, time_min, spectral_range_min,
        spectral_range_max, sunum, file_name, dataproduct_type, measurement_type FROM
        gaia_dem.epn_core WHERE obs_id='DEM-AIA_2012-08-10T00-05-01.875' ORDER BY granule_uid">/tap/sync</url>
      <code>
        rows = self.getVOTableRows()
        self.assertEqual([row["granule_uid"] for row in rows],
          ["DEM-AIA-%s_2012-08-10T00-05-01.875" % kind for kind in ("chi2", "em", "temp", "width")])
        for row in rows:
          self.assertAlmostEqual(row["time_min"], 2456149.503494, places=6)
          self.assertAlmostEqual(row["spectral_range_min"]/1e15, 8.949028597, places=6)
          self.assertAlmostEqual(row["spectral_range_max"]/1e16, 3.189281468, places=6)
          self.assertEqual(row["sunum"], 349340243)
        self.assertEqual(rows[2]["file_name"], "DEM_aia_2012-08-10T00_05_temp.fits")
        self.assertEqual(rows[2]["measurement_type"], "phys.temperature.electron")
      </code>
    </regTest>
    <regTest title="Observations of one second are granules of their own.">
      <url parSet="TAP" QUERY="SELECT COUNT(*) AS n FROM gaia_dem.epn_core
        WHERE obs_id LIKE 'DEM-AIA_2014-03-02T00-05-01.%'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["n"], 8)
      </code>
    </regTest>
    <regTest title="Datalink leads to the map and its picture.">
      <url ID="DEM-AIA-width_2023-06-14T23-34-51.622">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row for row in self.getVOTableRows()}
        self.assertTrue(links["#this"]["access_url"].endswith("_width.fits"))
        self.assertTrue(links["#preview"]["access_url"].endswith("_width_1024.png"))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
