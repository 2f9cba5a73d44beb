<resource schema="lofar_sun" resdir="lofar_sun">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">LOFAR observations of the Sun</meta>
  <meta name="shortName">lofar_sun</meta>
  <meta name="description" format="rst">
    Images of the Sun by LOFAR between 10 and 240 MHz, one a second in each sub-band, with movies, and
    dynamic spectra.  One row is a sub-band of an observation, of up to 43,200 images: the service
    ``files`` lists them, or those of a part of the time.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-radio-emission</meta>
  <meta name="subject">radio-interferometry</meta>
  <meta name="creator">LOFAR Key Science Project Solar Physics and Space Weather; AIP</meta>
  <meta name="facility">LOFAR</meta>
  <meta name="instrument">LOFAR</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://lofar.eu/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region ra dec platesc subobserver_longitude_min
        subobserver_longitude_max subobserver_latitude_min subobserver_latitude_max"
      >//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="sub_band" type="text" ucd="meta.id;em.freq"
      tablehead="Sub-band" description="The sub-band, as the observation numbers them."/>
    <column name="image_count" type="integer" required="False" ucd="meta.number;meta.file"
      tablehead="Images" description="Number of images of the row.">
      <values nullLiteral="-1"/>
    </column>
    <column name="offset_x" type="double precision" unit="arcsec" ucd="pos.cartesian.x"
      tablehead="Offset W" description="How far the middle of the image is west of the middle of the
        Sun (helioprojective)."/>
    <column name="offset_y" type="double precision" unit="arcsec" ucd="pos.cartesian.y"
      tablehead="Offset N" description="How far it is north of it."/>
    <column name="file_array" type="text" hidden="True" ucd="meta.id;meta.file" verbLevel="30"
      description="The images, for the service that lists those of a part."/>
  </table>

  <FEED source="epnkit/q#files_of_parts" name="lofar_sun">
    <EDIT ref="datalinkCore[dlcore]">
      <metaMaker procDef="epnkit/q#same_hours">
        <bind key="services">["nrh", "orfees", "nda", "medoc_sdo", "goes", "bass2000"]</bind>
      </metaMaker>
    </EDIT>
  </FEED>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="lofar_sun"/>
  <FEED source="epnkit/q#form" name="lofar_sun"/>

  <regSuite title="LOFAR observations of the Sun">
    <!-- These assert what a public header says, and the replica's values. -->
    <regTest title="The sub-band 58 of L701913 has the frequencies of its header.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        target_name, dataproduct_type, obs_id, image_count
        FROM lofar_sun.epn_core WHERE granule_uid='L701913_SB058'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual(row["spectral_range_min"], 78802490.234375)
        self.assertEqual(row["spectral_range_max"], 78997802.734375)
        self.assertEqual(row["target_name"], "Sun")
        self.assertEqual(row["dataproduct_type"], "im")
        self.assertEqual(row["obs_id"], "L701913")
        self.assertEqual(row["image_count"], 240)
      </code>
    </regTest>
    <regTest title="Ten seconds of it need ten images.">
      <url ID="L701913_SB058" slice="32:42">files/dlget</url>
      <code>
        rows = self.getVOTableRows()
        self.assertEqual([row["file_name"] for row in rows],
          ["SB058-t%04d-image.fits"%step for step in range(32, 42)])
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
