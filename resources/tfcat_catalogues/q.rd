<resource schema="tfcat_catalogues" resdir="tfcat_catalogues">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">TFCat catalogues of radio emissions</meta>
  <meta name="shortName">tfcat</meta>
  <meta name="description" format="rst">
    Features in the plane of time and frequency, such as bursts and patches of planetary and solar
    radio emissions, from catalogues in TFCat.  One row is one feature, with the limits of its
    contour and the feature itself as a TFCat document; a row of type ``ca`` is a whole catalogue.
  </meta>
  <meta name="subject">solar-radio-flares</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">catalogs</meta>
  <meta name="creator">Observatoire de Paris; MASER</meta>
  <meta name="source">doi:10.25935/6068-8528</meta>
  <meta name="facility">Cassini</meta>
  <meta name="facility">Wind</meta>
  <meta name="facility">Nancay Decameter Array</meta>
  <meta name="instrument">RPWS</meta>
  <meta name="instrument">WAVES</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Catalog</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://maser.obspm.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize datalink_url file_name feature_name
        target_region bib_reference event_status">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="catalogue_title" type="unicode" ucd="meta.title"
      tablehead="Catalogue" description="Title of the catalogue that the feature is of."/>
    <column name="catalogue_url" type="text" ucd="meta.ref.url"
      tablehead="Catalogue's file" description="Where the whole catalogue is, as its authors
        wrote it."/>
    <column name="feature_count" type="integer" required="False" ucd="meta.number"
      tablehead="Features" description="Features of a catalogue; empty for a feature.">
      <values nullLiteral="-1"/>
    </column>
    <column name="feature_shape" type="text" ucd="meta.code"
      tablehead="Geometry" description="What the feature is in time and frequency: Point, LineString,
        Polygon, several of these (Multi...), or a GeometryCollection."/>
    <column name="reference_position" type="text" ucd="meta.id"
      tablehead="Position" description="Where the times were taken, as the catalogue names it."/>
    <column name="tfcat_document" type="text" ucd="meta.note"
      tablehead="TFCat" description="The feature as TFCat with its quotes written %22 and its
        backslashes %5C; datalink gives the document itself."/>
  </table>

  <FEED source="epnkit/q#datalink" name="tfcat_catalogues">
    <EDIT ref="datalinkCore[dlcore]">
      <metaMaker>
        <setup>
          <code>
            def unhide(text):
              """returns a document with its quotes and backslashes."""
              return (text or "").replace("%22", '"').replace("%5C", chr(92))
          </code>
        </setup>
        <code>
          document = unhide(descriptor.metadata["tfcat_document"])
          if document:
            yield descriptor.makeLink(
              makeAbsoluteURL("tfcat_catalogues/q/feature/dlget?ID="
                +descriptor.metadata["granule_uid"]),
              semantics="#this", contentType="application/x-tfcat+json",
              contentLength=len(document),
              description="The feature, as a document of its own (TFCat)")
        </code>
      </metaMaker>
    </EDIT>
  </FEED>

  <service id="feature" allowed="dlget">
    <meta name="title">Features of TFCat catalogues</meta>
    <meta name="description">One feature, as a TFCat document of its own.</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//datalink#fromtable">
        <bind key="tableName">"tfcat_catalogues.epn_core"</bind>
        <bind key="idColumn">"granule_uid"</bind>
      </descriptorGenerator>
      <dataFunction>
        <setup>
          <code>
            def unhide(text):
              """returns a document with its quotes and backslashes."""
              return (text or "").replace("%22", '"').replace("%5C", chr(92))
          </code>
        </setup>
        <code>
          descriptor.data = unhide(descriptor.metadata["tfcat_document"])
          if not descriptor.data:
            raise base.ValidationError("it is a catalogue, and no feature of one", "ID")
        </code>
      </dataFunction>
      <dataFormatter>
        <code>
          return "application/x-tfcat+json", descriptor.data.encode("ascii")
        </code>
      </dataFormatter>
    </datalinkCore>
  </service>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/tfcat"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="tfcat_catalogues"/>
  <FEED source="epnkit/q#form" name="tfcat_catalogues"/>

  <regSuite title="TFCat catalogues">
    <!-- These assert the replica's values; on real catalogues, take an id of their own. -->
    <regTest title="A feature has the times and the frequencies of its contour.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        dataproduct_type, target_name, feature_shape FROM tfcat_catalogues.epn_core
        WHERE granule_uid='nancay-jupiter_dam_1978_obs-0'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2443512.311930741, places=8)
        self.assertAlmostEqual(row["time_max"], 2443512.499430741, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 1e7, places=1)
        self.assertAlmostEqual(row["spectral_range_max"], 5e7, places=1)
        self.assertEqual(row["dataproduct_type"], "ev#ci")
        self.assertEqual(row["target_name"], "Jupiter")
        self.assertEqual(row["feature_shape"], "Polygon")
      </code>
    </regTest>
    <regTest title="It is served as TFCat.">
      <url ID="nancay-jupiter_dam_1978_obs-0">feature/dlget</url>
      <code>
        self.assertHasStrings('"FeatureCollection"', '"Polygon"', '"GEOCENTER"')
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
