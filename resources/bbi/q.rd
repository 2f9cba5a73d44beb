<resource schema="bbi" resdir="bbi">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">BBI broad band images at GREGOR</meta>
  <meta name="shortName">bbi</meta>
  <meta name="description" format="rst">
    Images of parts of the Sun by the Broad Band Imager at GREGOR on Tenerife.  One row is one
    image or burst; its field is given in ``s_region`` in Carrington longitude and latitude.  What is under an embargo is
    announced, with its release date; its data are linked from then on.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-photosphere</meta>
  <meta name="creator">Institut für Sonnenphysik (KIS); Science Data Centre</meta>
  <meta name="facility">GREGOR</meta>
  <meta name="instrument">BBI</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://archive.sdc.leibniz-kis.de/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url file_name
        target_region bib_reference coverage">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
    <FEED source="epnkit/q#place"/>
    <FEED source="epnkit/q#pointing"/>

    <column name="fried_parameter_min" type="double precision" unit="m"
      ucd="instr.obsty.seeing;stat.min" tablehead="r0 min"
      description="Least Fried parameter of the seeing."/>
    <column name="fried_parameter_max" type="double precision" unit="m"
      ucd="instr.obsty.seeing;stat.max" tablehead="r0 max"
      description="Greatest Fried parameter of the seeing."/>
  </table>

  <FEED source="epnkit/q#datalink" name="bbi"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/restheart"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="bbi"/>
  <FEED source="epnkit/q#form" name="bbi"/>

  <regSuite title="BBI">
    <!-- These assert the replica's values; on the real archive, take an image of its own. -->
    <regTest title="An image has the angle of its pointing, and the seeing.">
      <url parSet="TAP" QUERY="SELECT theta, theta_origin, fried_parameter_min, fried_parameter_max,
        dataproduct_type FROM bbi.epn_core WHERE granule_uid='bbi_20160424_000'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertEqual((row["theta_origin"], row["dataproduct_type"]), ("pointing", "im"))
        self.assertAlmostEqual(row["theta"], 18.5, delta=0.5)
        self.assertAlmostEqual(row["fried_parameter_min"], 0.05, places=9)
        self.assertAlmostEqual(row["fried_parameter_max"], 0.12, places=9)
      </code>
    </regTest>
    <regTest title="What is under an embargo is announced, and leads to no data.">
      <url parSet="TAP" QUERY="SELECT COUNT(*) AS n, COUNT(access_url) AS links,
        COUNT(thumbnail_url) AS looks FROM bbi.epn_core
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
