<resource schema="lars" resdir="lars">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">LARS spectra with absolute wavelengths</meta>
  <meta name="shortName">lars</meta>
  <meta name="description" format="rst">
    Spectra of the Sun by the Lars spectrograph at the Vacuum Tower Telescope on Tenerife, whose
    wavelengths a laser frequency comb calibrates.  One row is one series of spectra; where its
    fibre pointed is given in ``s_region`` in Carrington longitude and latitude.  What is under an embargo is
    announced, with its release date; its data are linked from then on.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-photosphere</meta>
  <meta name="creator">Institut für Sonnenphysik (KIS); Science Data Centre</meta>
  <meta name="facility">Vacuum Tower Telescope</meta>
  <meta name="instrument">LARS</meta>
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

    <column name="accumulations" type="integer" required="False" ucd="meta.number"
      tablehead="Accumulations" description="Spectra of the series.">
      <values nullLiteral="-1"/>
    </column>
    <column name="wavelength_reference" type="text" ucd="meta.code;em.wl"
      tablehead="Reference" description="What the wavelengths are calibrated by."/>
  </table>

  <FEED source="epnkit/q#datalink" name="lars"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/restheart"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="lars"/>
  <FEED source="epnkit/q#form" name="lars"/>

  <regSuite title="LARS">
    <!-- These assert the replica's values; on the real archive, take a series of its own. -->
    <regTest title="A series has its wavelengths and its angle.">
      <url parSet="TAP" QUERY="SELECT spectral_range_min, spectral_range_max, theta, mu, theta_origin,
        dataproduct_type FROM lars.epn_core WHERE granule_uid='lars_20160912_001'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 4.870714184, places=8)
        self.assertAlmostEqual(row["spectral_range_max"]/1e14, 4.875466873, places=8)
        self.assertEqual((row["theta_origin"], row["dataproduct_type"]), ("given", "sp"))
      </code>
    </regTest>
    <regTest title="What is under an embargo is announced, and leads to no data.">
      <url parSet="TAP" QUERY="SELECT COUNT(*) AS n, COUNT(access_url) AS links,
        COUNT(thumbnail_url) AS looks FROM lars.epn_core
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
