<resource schema="medoc_currents" resdir="medoc_currents">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">MEDOC: electric currents of active regions</meta>
  <meta name="shortName">medoc_currents</meta>
  <meta name="description" format="rst">
    Maps of the radial density of electric currents in the photosphere of active regions, made of
    the vector magnetograms of HMI on SDO.  Each is of one of HMI's Active Region Patches (HARP) at
    one time, in a cylindrical equal-area projection around the patch; the numbers of the NOAA
    active regions within it are in noaa_number.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-active-regions</meta>
  <meta name="subject">solar-magnetic-fields</meta>
  <meta name="creator">Institut d'Astrophysique Spatiale; MEDOC</meta>
  <meta name="source">doi:10.1007/s11207-014-0529-3</meta>
  <meta name="facility">Solar Dynamics Observatory</meta>
  <meta name="instrument">HMI</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://idoc.osups.universite-paris-saclay.fr/medoc/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region feature_name coverage spatial_coordinate_description map_projection
        subobserver_longitude_min subobserver_longitude_max bib_reference
        subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <FEED source="epnkit/q#place"/>
    <index columns="harp_number"/>

    <column name="harp_number" type="integer" required="False" ucd="meta.id;src"
      tablehead="HARP" description="Number of HMI's Active Region Patch. Near real time patches
        have numbers of their own.">
      <values nullLiteral="-1"/>
    </column>
    <column name="noaa_number" type="text" ucd="meta.id;src"
      tablehead="NOAA" description="Number of the NOAA active region that lies within the patch;
        several are separated by hashes."/>
    <column name="t_rec" type="text" ucd="time.epoch"
      tablehead="T_REC" description="Time of the patch's slot as JSOC writes it, in TAI."/>
    <column name="current_density_min" type="double precision" unit="A/m**2"
      ucd="phys.current.density;stat.min"
      tablehead="min. jr" description="Least radial density of currents in the map."/>
    <column name="current_density_max" type="double precision" unit="A/m**2"
      ucd="phys.current.density;stat.max"
      tablehead="max. jr" description="Greatest radial density of currents in the map."/>
    <column name="current_density_mean" type="double precision" unit="A/m**2"
      ucd="phys.current.density;stat.mean"
      tablehead="mean jz" description="Mean vertical density of currents of the patch, as JSOC
        computes it (MEANJZD)."/>
    <column name="total_current" type="double precision" unit="A" ucd="phys.current"
      tablehead="Total current" description="Total unsigned vertical current of the patch, as JSOC
        computes it (TOTUSJZ)."/>
    <column name="quality" type="integer" required="False" ucd="meta.code.qual"
      tablehead="Quality" description="SHARP's quality index, bits of what was wrong with the
        observation; 0 if nothing was.">
      <values nullLiteral="-1"/>
    </column>
    <column name="footprint_area" type="double precision" unit="deg**2" ucd="phys.area"
      tablehead="Area" description="Area of the map on the sphere."/>
    <column name="footprint_flags" type="text" ucd="meta.code"
      tablehead="Footprint" description="bad: the header does not say where the map lies."/>
  </table>

  <FEED source="epnkit/q#datalink" name="medoc_currents"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="medoc_currents"/>
  <FEED source="epnkit/q#form" name="medoc_currents"/>

  <regSuite title="Electric currents">
    <!-- The first has the time and numbers of a map that MEDOC showed; else the replica's values. -->
    <regTest title="The map of AR 11158 on 15 February 2011 has its time, numbers and projection.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, harp_number, noaa_number, feature_name,
        map_projection, dataproduct_type, measurement_type, current_density_max, t_rec
        FROM medoc_currents.epn_core
        WHERE granule_uid='hmi.sharp_cea_720s.377.20110215_040000_TAI.jr'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2455607.665416667, places=8)
        self.assertAlmostEqual(row["time_max"], 2455607.666273148, places=8)
        self.assertEqual(row["harp_number"], 377)
        self.assertEqual(row["noaa_number"], "11158")
        self.assertEqual(row["feature_name"], "HARP 377#NOAA 11158")
        self.assertEqual(row["map_projection"], "CEA")
        self.assertEqual(row["dataproduct_type"], "ma")
        self.assertEqual(row["measurement_type"], "phys.current.density")
        self.assertAlmostEqual(row["current_density_max"], 0.21, places=6)
        self.assertEqual(row["t_rec"], "2011.02.15_04:00:00.000_TAI")
      </code>
    </regTest>
    <regTest title="A patch beyond the meridian 0 is found by its place there.">
      <url parSet="TAP" QUERY="SELECT granule_uid, c1min, c1max FROM medoc_currents.epn_core
        WHERE 1=CONTAINS(POINT('', 0.5, 12), s_region)">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["granule_uid"], "hmi.sharp_cea_720s.1500.20120601_120000_TAI.jr")
        self.assertTrue(row["c1min"] &gt; 350)
        self.assertTrue(row["c1max"] &lt; 10)
      </code>
    </regTest>
    <regTest title="Datalink leads to the map, its picture and the magnetogram.">
      <url ID="hmi.sharp_cea_720s.377.20110215_040000_TAI.jr">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row for row in self.getVOTableRows()}
        self.assertTrue(links["#this"]["access_url"].endswith("_TAI.jr.fits"))
        self.assertTrue(links["#preview"]["access_url"].endswith("_TAI.jr.png"))
        self.assertTrue(links["#counterpart"]["access_url"].endswith("_TAI.magnetogram.fits"))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
