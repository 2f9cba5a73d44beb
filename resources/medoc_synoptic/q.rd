<resource schema="medoc_synoptic" resdir="medoc_synoptic">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">MEDOC: EUV synoptic maps of the Sun</meta>
  <meta name="shortName">medoc_synoptic</meta>
  <meta name="description" format="rst">
    Maps of the whole solar corona in longitude and latitude, in the extreme ultraviolet, made of
    images by EIT on SOHO and its successors.  One row is one map at one wavelength; those of a day
    share their obs_id.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-corona</meta>
  <meta name="creator">Institut d'Astrophysique Spatiale; MEDOC</meta>
  <meta name="facility">SOHO</meta>
  <meta name="instrument">EIT</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">EUV</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://idoc.osups.universite-paris-saclay.fr/medoc/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region coverage spatial_coordinate_description map_projection">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="image_file" type="text" ucd="meta.id;meta.file"
      tablehead="Image" description="Name of the image that the map was begun by."/>
  </table>

  <FEED source="epnkit/q#datalink" name="medoc_synoptic"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/records"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="medoc_synoptic"/>
  <FEED source="epnkit/q#form" name="medoc_synoptic"/>

  <regSuite title="Synoptic maps">
    <!-- The first asserts what MEDOC's own client asserts; the others the replica's values. -->
    <regTest title="A map of 2004 has its date, its line and every longitude.">
      <url parSet="TAP" QUERY="SELECT time_min, spectral_range_min, c1min, c1max, instrument_name,
        file_name, map_projection FROM medoc_synoptic.epn_core
        WHERE granule_uid='syn171_20040302.005959_efz20040302.010014'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2453066.5, places=8)
        self.assertAlmostEqual(row["spectral_range_min"]/1e16, 1.753172, places=5)
        self.assertEqual((row["c1min"], row["c1max"]), (0, 360))
        self.assertEqual(row["instrument_name"], "EIT")
        self.assertEqual(row["file_name"], "syn171_20040302.005959_efz20040302.010014.fts")
        self.assertEqual(row["map_projection"], "CAR")
      </code>
    </regTest>
    <regTest title="The images of several missions are known by their names.">
      <url parSet="TAP" QUERY="SELECT instrument_name, instrument_host_name FROM
        medoc_synoptic.epn_core WHERE obs_id='EUV-SYN_20110501_000000' ORDER BY granule_uid">/tap/sync</url>
      <code>
        self.assertEqual([row["instrument_name"] for row in self.getVOTableRows()][:2],
          ["EUVI", "AIA"])
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
