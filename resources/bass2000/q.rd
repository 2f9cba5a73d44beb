<resource schema="bass2000" resdir="bass2000">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">BASS2000 daily solar images</meta>
  <meta name="shortName">bass2000</meta>
  <meta name="description" format="rst">
    Daily images of the whole Sun by the spectroheliograph of the Meudon Observatory, in H-alpha
    and in the K line of ionised calcium (centre, wing and prominences), and cubes of full line
    profiles.  One row is one image.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-chromosphere</meta>
  <meta name="subject">solar-prominences</meta>
  <meta name="creator">Observatoire de Paris; BASS2000</meta>
  <meta name="facility">Meudon Observatory</meta>
  <meta name="instrument">Spectroheliograph</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://bass2000.obspm.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region subobserver_longitude_min subobserver_longitude_max
        subobserver_latitude_min subobserver_latitude_max">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="bass2000"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/sql"/>
    <make table="epn_core"/>
  </data>

  <!-- The new images by DaCHS's own grammar: "dachs imp bass2000/q increment", see README.md. -->
  <data id="increment" auto="False" updating="True">
    <sources pattern="connection"/>
    <odbcGrammar>
      <sourceFields><code>return {"data_": data}</code></sourceFields>
      <makeQuery procDef="epnkit/q#incremental">
        <bind key="query">source_query(rd.getAbsPath("source.toml"))</bind>
        <bind key="remote">"DATE_OBS"</bind>
        <bind key="local">"time_min"</bind>
        <bind key="lag">30</bind>
      </makeQuery>
    </odbcGrammar>
    <make table="epn_core">
      <rowmaker idmaps="*"><apply procDef="epnkit/q#granule"/></rowmaker>
    </make>
  </data>

  <FEED source="epnkit/q#coverage" name="bass2000"/>
  <FEED source="epnkit/q#form" name="bass2000"/>

  <regSuite title="BASS2000">
    <!-- The first two assert what two real headers say; the others the replica's values. -->
    <regTest title="An image of 2005 has its time and its line, given in nm.">
      <url parSet="TAP" QUERY="SELECT time_min, spectral_range_min, granule_gid, obs_id,
        subobserver_longitude_min FROM bass2000.epn_core WHERE granule_uid='mh_20050501_074655'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2453491.824247685, places=8)
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 4.568057201, places=8)
        self.assertEqual(row["granule_gid"], "H-alpha")
        self.assertEqual(row["obs_id"], "meudon_20050501_1")
        self.assertAlmostEqual(row["subobserver_longitude_min"], 227.924, places=3)
      </code>
    </regTest>
    <regTest title="An image of 2013 has its time and its line, given in units of 0.1 nm.">
      <url parSet="TAP" QUERY="SELECT time_min, spectral_range_min FROM bass2000.epn_core
        WHERE granule_uid='mq_20130812_084253'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2456516.863113426, places=8)
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 4.567918, places=5)
      </code>
    </regTest>
    <regTest title="Names that differ in case or century alone are granules of their own.">
      <url parSet="TAP" QUERY="SELECT granule_uid, granule_gid FROM bass2000.epn_core
        WHERE granule_uid LIKE '%120701_081500' ORDER BY time_min, granule_gid">/tap/sync</url>
      <code>
        self.assertEqual(
          [(row["granule_uid"], row["granule_gid"]) for row in self.getVOTableRows()],
          [("mk_19120701_081500", "Ca II K1v"), ("mk_20120701_081500", "Ca II K1v"),
           ("mK_20120701_081500", "Ca II K3")])
      </code>
    </regTest>
    <regTest title="Datalink leads to the image and its quicklook.">
      <url ID="mh_20050501_074655">dl/dlmeta</url>
      <code>
        links = {row["semantics"]: row for row in self.getVOTableRows()}
        self.assertTrue(links["#this"]["access_url"].endswith("/2005/05/mh050501.074655.fits"))
        self.assertEqual(links["#this"]["content_type"], "application/fits")
        self.assertEqual(links["#preview"]["content_type"], "image/gif")
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
