<resource schema="medoc_sdo" resdir="medoc_sdo">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">AIA and HMI of the Solar Dynamics Observatory at MEDOC</meta>
  <meta name="shortName">medoc_sdo</meta>
  <meta name="description" format="rst">
    Images of the Sun by two instruments of SDO, as MEDOC keeps them: of AIA in nine channels from
    94 to 1700 Angstrom, calibrated (level 1); of HMI continua, magnetograms and patches around
    active regions every 720 seconds.  One row is one record of JSOC's series.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-corona</meta>
  <meta name="subject">solar-magnetic-fields</meta>
  <meta name="creator">Institut d'Astrophysique Spatiale; MEDOC</meta>
  <meta name="facility">Solar Dynamics Observatory</meta>
  <meta name="instrument">AIA</meta>
  <meta name="instrument">HMI</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">EUV</meta>
  <meta name="coverage.waveband">UV</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://idoc.osups.universite-paris-saclay.fr/medoc/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region feature_name coverage spatial_coordinate_description map_projection
        subobserver_longitude_min subobserver_longitude_max
        subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <index columns="series_name"/>
    <!-- What is asked for most: a time of one channel, or of one product. -->
    <index columns="granule_gid,time_min"/>
    <index columns="harp_number"/>

    <column name="series_name" type="text" ucd="meta.dataset"
      tablehead="Series" description="JSOC's series of the record."/>
    <column name="recnum" type="bigint" required="False" ucd="meta.record"
      tablehead="Record" description="Number of the record within its series.">
      <values nullLiteral="-1"/>
    </column>
    <column name="sunum" type="bigint" required="False" ucd="meta.id;meta.dataset"
      tablehead="SUNUM" description="Storage unit of the file in JSOC's archive.">
      <values nullLiteral="-1"/>
    </column>
    <column name="t_rec" type="text" ucd="time.epoch"
      tablehead="T_REC" description="Time of the slot of a product of HMI as JSOC writes it, in
        TAI."/>
    <column name="harp_number" type="integer" required="False" ucd="meta.id;src"
      tablehead="HARP" description="Number of HMI's Active Region Patch. Near real time patches
        have numbers of their own.">
      <values nullLiteral="-1"/>
    </column>
  </table>

  <FEED source="epnkit/q#datalink" name="medoc_sdo"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/union"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="medoc_sdo"/>
  <FEED source="epnkit/q#form" name="medoc_sdo"/>

  <regSuite title="SDO at MEDOC">
    <!-- The first asserts what the real header of the image says; the others the replica's. -->
    <regTest title="An image of AIA has the time and the band of its header.">
      <url parSet="TAP" QUERY="SELECT granule_gid, time_min, time_max, spectral_range_min,
        measurement_type, target_region FROM medoc_sdo.epn_core
        WHERE granule_uid='aia.lev1_69981867'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["granule_gid"], "AIA 171 Angstrom")
        self.assertAlmostEqual(row["time_min"], 2455607.5000039353, places=8)
        self.assertAlmostEqual((row["time_max"]-row["time_min"])*86400, 2.000191, places=3)
        self.assertAlmostEqual(row["spectral_range_min"]/1e16, 1.753172269, places=6)
        self.assertEqual(row["measurement_type"], "phot.count;em.UV.10-50nm")
        self.assertEqual(row["target_region"], "solar-corona")
      </code>
    </regTest>
    <regTest title="A patch of HMI has the slot of its header, and no place on the disc.">
      <url parSet="TAP" QUERY="SELECT t_rec, time_min, time_max, harp_number, feature_name, coverage
        FROM medoc_sdo.epn_core WHERE granule_uid='hmi.sharp_720s_9170526'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["t_rec"], "2024.06.28_00:00:00_TAI")
        # The slot is twelve minutes about 23:59:23 UTC of the day before.
        self.assertAlmostEqual((row["time_min"]+row["time_max"])/2, 2460489.499571759, places=7)
        self.assertEqual(row["harp_number"], 11465)
        self.assertEqual(row["feature_name"], "HARP 11465")
        self.assertEqual(row["coverage"], None)
      </code>
    </regTest>
    <regTest title="The products of a slot of HMI are found by their obs_id.">
      <url parSet="TAP" QUERY="SELECT granule_gid FROM medoc_sdo.epn_core
        WHERE obs_id='HMI_20140501_000000_TAI' ORDER BY granule_gid">/tap/sync</url>
      <code>
        self.assertEqual([row["granule_gid"] for row in self.getVOTableRows()],
          ["HMI continuum", "HMI continuum without limb darkening", "HMI magnetogram"])
      </code>
    </regTest>
    <regTest title="Datalink leads to the image and its picture.">
      <url ID="aia.lev1_69981867">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row for row in self.getVOTableRows()}
        self.assertTrue(links["#this"]["access_url"].endswith("/image_lev1.fits"))
        self.assertTrue(links["#preview"]["access_url"].endswith("/image_lev1_1024.png"))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
