<resource schema="chrotel" resdir="chrotel">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">ChroTel full disc images of the chromosphere</meta>
  <meta name="shortName">chrotel</meta>
  <meta name="description" format="rst">
    Images of the whole Sun by the Chromospheric Telescope on Tenerife, in the K line of ionised
    calcium, in H-alpha, and in seven steps through the infrared helium line.  One row is one
    image, or one scan through helium.  The point below the observer is given, and the coverage.  What is under an embargo is
    announced, with its release date; its data are linked from then on.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-chromosphere</meta>
  <meta name="creator">Institut für Sonnenphysik (KIS); Science Data Centre</meta>
  <meta name="facility">Chromospheric Telescope</meta>
  <meta name="instrument">ChroTel</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://archive.sdc.leibniz-kis.de/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region bib_reference coverage subobserver_longitude_min
        subobserver_longitude_max subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="scan_steps" type="integer" required="False" ucd="meta.number"
      tablehead="Steps" description="Steps through the line; 7 of helium.">
      <values nullLiteral="-1"/>
    </column>
  </table>

  <FEED source="epnkit/q#datalink" name="chrotel"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/restheart"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="chrotel"/>
  <FEED source="epnkit/q#form" name="chrotel"/>

  <regSuite title="ChroTel">
    <!-- The first asserts what the one public example says; the others the replica's values. -->
    <regTest title="The example of 2014 has its time, its line and no box.">
      <url parSet="TAP" QUERY="SELECT time_min, spectral_range_min, spectral_range_max, c1min,
        subobserver_latitude_min, granule_gid, dataproduct_type
        FROM chrotel.epn_core WHERE granule_uid='chroTel_20140902_110310_ha'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2456902.960532407, places=8)
        self.assertTrue(row["spectral_range_min"] &lt; 4.568614112e14 &lt; row["spectral_range_max"])
        self.assertEqual((row["granule_gid"], row["dataproduct_type"]), ("H-alpha", "im"))
        self.assertEqual(row["c1min"], None)
        self.assertAlmostEqual(row["subobserver_latitude_min"], 7.21, places=2)
      </code>
    </regTest>
    <regTest title="What is under an embargo is announced, and leads to no data.">
      <url parSet="TAP" QUERY="SELECT COUNT(*) AS n, COUNT(access_url) AS links,
        COUNT(thumbnail_url) AS looks FROM chrotel.epn_core
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
