<resource schema="hfc1ar" resdir="hfc1ar">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">HFC active regions</meta>
  <meta name="shortName">hfc1ar</meta>
  <meta name="description" format="rst">
    Active regions of the Sun from the Heliophysics Feature Catalogue (HFC), detected in
    magnetograms by automatic recognition codes such as SMART.  One row is one region in one
    image.  Its contour, a chain code in the catalogue, is given in ``s_region`` as a polygon in
    Carrington longitude and latitude; a region beyond what a polygon can hold is in ``coverage``.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-active-regions</meta>
  <meta name="subject">catalogs</meta>
  <meta name="creator">Observatoire de Paris; Higgins, P.A.; Gallagher, P.T.</meta>
  <meta name="facility">SOHO</meta>
  <meta name="instrument">MDI</meta>
  <meta name="source">2011AdSpR..47.2105H</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Catalog</meta>
  <meta name="coverage.waveband">Optical</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="rights.rightsURI">https://creativecommons.org/licenses/by/4.0/</meta>
  <meta name="referenceURL">http://voparis-helio.obspm.fr/hfc-gui/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="body"
      optional_columns="access_url access_format access_estsize thumbnail_url datalink_url coverage feature_name target_region
        bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#place"/>

    <column name="noaa_number" type="text" ucd="meta.id;src"
      tablehead="NOAA" description="Number of the NOAA active region within, as assigned by NOAA;
        several are separated by hashes."/>
    <column name="detection_code" type="text" ucd="meta.id;meta.software"
      tablehead="Code" description="Name and version of the recognition code."/>
    <column name="footprint_area" type="double precision" unit="deg**2" ucd="phys.area"
      tablehead="Area" description="Area of the footprint on the sphere."/>
    <column name="pixels" type="integer" required="False" ucd="meta.number"
      tablehead="Pixels" description="Pixels of the image within the contour.">
      <values nullLiteral="-1"/>
    </column>
    <column name="footprint_flags" type="text" ucd="meta.code"
      tablehead="Footprint" description="How the footprint was made from the contour
        (clipped, joined, filled, degenerate, simplified, no_polygon), separated by hashes."/>
  </table>

  <FEED source="epnkit/q#datalink" name="hfc1ar">
    <EDIT ref="datalinkCore[dlcore]">
      <metaMaker procDef="epnkit/q#link_to_region">
        <bind key="schema">"hfc1ar"</bind>
      </metaMaker>
    </EDIT>
  </FEED>
  <FEED source="epnkit/q#region_document" name="hfc1ar"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/sql"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="hfc1ar"/>
  <FEED source="epnkit/q#form" name="hfc1ar"/>

  <regSuite title="HFC active regions">
    <!-- These assert the replica's values; for the real catalogue, use one of its ids. -->
    <regTest title="A region has the time, the line and the place of its record.">
      <url parSet="TAP" QUERY="SELECT granule_uid, time_min, spectral_range_min, c1min, c1max,
        c2min, c2max, dataproduct_type, noaa_number, pixels FROM hfc1ar.epn_core
        WHERE granule_uid='ar_20030101_000001_246_287'">/tap/sync</url>
      <code>
        rows = self.getVOTableRows()
        self.assertEqual(len(rows), 1)
        row = rows[0]
        self.assertAlmostEqual(row["time_min"], 2452640.500012998, places=8)
        self.assertAlmostEqual(row["spectral_range_min"]/1e14, 4.429557594, places=8)
        # The contour's own limits; the outline may leave them by its tolerance.
        self.assertAlmostEqual(row["c1min"], 263.169, delta=0.1)
        self.assertAlmostEqual(row["c1max"], 275.168, delta=0.1)
        self.assertAlmostEqual(row["c2min"], -29.574, delta=0.1)
        self.assertAlmostEqual(row["c2max"], -19.991, delta=0.1)
        self.assertEqual(row["dataproduct_type"], "ci")
        self.assertEqual(row["pixels"], 3038)
      </code>
    </regTest>
    <regTest title="A search by place finds the regions that hold the point.">
      <url parSet="TAP" QUERY="SELECT granule_uid FROM hfc1ar.epn_core WHERE
        1=CONTAINS(POINT('UNKNOWN', 269, -25), s_region)
        AND granule_uid='ar_20030101_000001_246_287'">/tap/sync</url>
      <code>
        self.assertEqual([row["granule_uid"] for row in self.getVOTableRows()],
          ["ar_20030101_000001_246_287"])
      </code>
    </regTest>
    <regTest title="Datalink leads to the image in which the region was found.">
      <url ID="ar_20030101_000001_246_287">dl/dlmeta</url>
      <code>
        (link,) = [row for row in self.getVOTableRows() if row["semantics"]=="#progenitor"]
        self.assertTrue(
          link["access_url"].endswith("/2003/01/synthetic_20030101_000001.fits"), link)
      </code>
    </regTest>
    <regTest title="A region is a document of its outline, its MOC and its values.">
      <url ID="ar_20030101_000001_246_287">region/dlget</url>
      <code>
        import json
        found = json.loads(self.data)
        ring, = found["geometry"]["coordinates"]
        self.assertEqual(ring[0], ring[-1])
        self.assertTrue(all(263&lt;=lon&lt;=276 and -30&lt;=lat&lt;=-19 for lon, lat in ring))
        self.assertEqual(found["properties"]["pixels"], 3038)
        self.assertTrue(found["moc"])
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
