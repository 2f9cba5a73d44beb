<resource schema="spice" resdir="spice">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">SPICE on Solar Orbiter: spectra of the ultraviolet Sun</meta>
  <meta name="shortName">spice</meta>
  <meta name="description" format="rst">
    Spectra of the Sun between 48 and 105 nm by SPICE, the ultraviolet spectrometer of Solar
    Orbiter: exposures, rasters and sit-and-stare series of level 2, and maps of lines made of them
    (level 3).  One row is one spectral window of a file; those of a file share their obs_id.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-corona</meta>
  <meta name="subject">solar-transition-region</meta>
  <meta name="creator">SPICE consortium; Institut d'Astrophysique Spatiale; MEDOC</meta>
  <meta name="source">doi:10.1051/0004-6361/201935574</meta>
  <meta name="facility">Solar Orbiter</meta>
  <meta name="instrument">SPICE</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">EUV</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://spice.osups.universite-paris-saclay.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region coverage spatial_coordinate_description
        subobserver_longitude_min subobserver_longitude_max
        subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <FEED source="epnkit/q#place"/>
    <index columns="spiobsid"/>

    <column name="spectral_window" type="text" ucd="meta.id;em.line"
      tablehead="Window" description="Name of the spectral window, mostly of the line in it."/>
    <column name="window_number" type="integer" required="False" ucd="meta.number;em.line"
      tablehead="Window no." description="Number of the window in its file, from 0.">
      <values nullLiteral="-1"/>
    </column>
    <column name="spiobsid" type="integer" required="False" ucd="meta.id;obs"
      tablehead="SPIOBSID" description="Number of the observation; its rasters share it.">
      <values nullLiteral="-1"/>
    </column>
    <column name="raster_number" type="integer" required="False" ucd="meta.number;obs"
      tablehead="Raster" description="Number of the raster in its observation, from 0.">
      <values nullLiteral="-1"/>
    </column>
    <column name="file_version" type="integer" required="False" ucd="meta.version"
      tablehead="Version" description="Version of the file, the latest.">
      <values nullLiteral="-1"/>
    </column>
    <column name="soop_name" type="text" ucd="meta.id;obs.proposal"
      tablehead="SOOP" description="Solar Orbiter Observing Plan that the observation is part
        of."/>
    <column name="study" type="text" ucd="meta.id;obs.sequence"
      tablehead="Study" description="Name of the study of SPICE."/>
    <column name="detector" type="text" ucd="meta.id;instr.det"
      tablehead="Detector" description="Detector of the file's first window: SW or LW."/>
    <column name="observer_distance" type="double precision" unit="AU" ucd="pos.distance;instr"
      tablehead="Distance" description="Distance of Solar Orbiter from the Sun."/>
    <column name="footprint_area" type="double precision" unit="deg**2" ucd="phys.area"
      tablehead="Area" description="Area of the field of view on the sphere."/>
    <column name="footprint_flags" type="text" ucd="meta.code"
      tablehead="Footprint" description="clipped: cut by the limb; off_limb: without a footprint;
        bad: the header does not say where it looked. Null without a footprint: the file is not at
        hand."/>
  </table>

  <FEED source="epnkit/q#datalink" name="spice"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/tap"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="spice"/>
  <FEED source="epnkit/q#form" name="spice"/>

  <regSuite title="SPICE">
    <!-- The first has the name, the begin and the distance of a real file; else the replica's. -->
    <regTest title="Of a file with two versions there is the second, a granule for each window.">
      <url parSet="TAP" QUERY="SELECT granule_uid, time_min, spectral_range_min, spectral_range_max,
        file_name, file_version, spiobsid, raster_number, observer_distance FROM spice.epn_core
        WHERE obs_id='100663707-014' ORDER BY window_number">/tap/sync</url>
      <code>
        first, second = self.getVOTableRows()
        uid = "solo_L2_spice-n-exp_20220305T072522_100663707-014_%d"
        self.assertEqual([first["granule_uid"], second["granule_uid"]], [uid % 0, uid % 1])
        for row in (first, second):
          self.assertAlmostEqual(row["time_min"], 2459643.809282408, places=8)
          self.assertEqual(row["file_name"],
            "solo_L2_spice-n-exp_20220305T072522_V02_100663707-014.fits")
          self.assertEqual((row["spiobsid"], row["raster_number"], row["file_version"]),
            (100663707, 14, 2))
          self.assertAlmostEqual(row["observer_distance"], 0.52286922, places=8)
        # 76.95 to 77.12 nm, and 76.71 to 77.33 nm.
        self.assertAlmostEqual(first["spectral_range_min"]/1e15, 3.88735034, places=7)
        self.assertAlmostEqual(first["spectral_range_max"]/1e15, 3.89593838, places=7)
        self.assertAlmostEqual(second["spectral_range_min"]/1e15, 3.87679372, places=7)
        self.assertAlmostEqual(second["spectral_range_max"]/1e15, 3.90812747, places=7)
      </code>
    </regTest>
    <regTest title="Datalink leads to the file, its picture and ESA's archive.">
      <url ID="solo_L2_spice-n-exp_20220305T072522_100663707-014_1">dl/dlmeta</url>
      <code>
        rows = self.getVOTableRows()
        links = {row["semantics"]: row["access_url"] for row in rows}
        self.assertTrue(links["#this"].endswith("_V02_100663707-014.fits"))
        self.assertTrue(links["#preview"].endswith("_V02_100663707-014.png"))
        self.assertTrue(any(row["access_url"] == "https://soar.esac.esa.int/soar-sl-tap/data?"
          "retrieval_type=LAST_PRODUCT&amp;product_type=SCIENCE&amp;data_item_id="
          "solo_L2_spice-n-exp_20220305T072522_100663707-014" for row in rows))
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
