<resource schema="hfc1t3" resdir="hfc1t3">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">HFC type III radio bursts</meta>
  <meta name="shortName">hfc1t3</meta>
  <meta name="description" format="rst">
    Type III radio bursts of the Sun from the Heliophysics Feature Catalogue (HFC), detected in
    dynamic spectra of Wind/WAVES and STEREO/SWAVES by the recognition code RABAT3.  One row is one
    burst; its contour in time and frequency is offered as TFCat.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-radio-flares</meta>
  <meta name="subject">catalogs</meta>
  <meta name="creator">Observatoire de Paris; Bonnin, X.</meta>
  <meta name="facility">Wind</meta>
  <meta name="facility">STEREO</meta>
  <meta name="instrument">WAVES</meta>
  <meta name="instrument">SWAVES</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Catalog</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">http://voparis-helio.obspm.fr/hfc-gui/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="thumbnail_url datalink_url feature_name target_region
        bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="contour" type="text" ucd="meta.note"
      tablehead="Contour" description="Contour of the burst in time and frequency, as TFCat
        with its quotes written %22; datalink gives the document itself."/>
    <column name="drift_rate" type="double precision" unit="MHz/s" ucd="arith.rate;em.freq"
      tablehead="Drift" description="Drift of the frequency at the start."/>
    <column name="confidence" type="integer" required="False" ucd="meta.code.qual"
      tablehead="Confidence" description="Confidence in the detection, as the catalogue gives it.">
      <values nullLiteral="-1"/>
    </column>
    <column name="detection_code" type="text" ucd="meta.id;meta.software"
      tablehead="Code" description="Name and version of the recognition code."/>
  </table>

  <FEED source="epnkit/q#datalink" name="hfc1t3">
    <EDIT ref="datalinkCore[dlcore]">
      <metaMaker>
        <code>
          contour = (descriptor.metadata["contour"] or "").replace("%22", '"')
          if contour:
            yield descriptor.makeLink(
              makeAbsoluteURL("hfc1t3/q/tfcat/dlget?ID="+descriptor.metadata["granule_uid"]),
              semantics="#this", contentType="application/x-tfcat+json",
              contentLength=len(contour),
              description="The contour of the burst in time and frequency (TFCat)")
        </code>
      </metaMaker>
    </EDIT>
  </FEED>

  <service id="tfcat" allowed="dlget">
    <meta name="title">Contours of type III bursts</meta>
    <meta name="description">The contour of one burst, as a TFCat document.</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//datalink#fromtable">
        <bind key="tableName">"hfc1t3.epn_core"</bind>
        <bind key="idColumn">"granule_uid"</bind>
      </descriptorGenerator>
      <dataFunction>
        <code>
          descriptor.data = (descriptor.metadata["contour"] or "").replace("%22", '"')
          if not descriptor.data:
            raise base.ValidationError("the catalogue has no contour of it", "ID")
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
    <customGrammar module="../grammars/sql"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="hfc1t3"/>
  <FEED source="epnkit/q#form" name="hfc1t3"/>

  <regSuite title="HFC type III bursts">
    <!-- These assert the replica's values; on the real catalogue, take an id of its own. -->
    <regTest title="A burst has the times and the frequencies of its record.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        dataproduct_type, instrument_host_name FROM hfc1t3.epn_core
        WHERE granule_uid='t3_20010302_010000_625'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2451970.541666667, places=8)
        self.assertAlmostEqual(row["time_max"], 2451970.549305556, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 6.25e5, places=1)
        self.assertAlmostEqual(row["spectral_range_max"], 1.025e6, places=1)
        self.assertEqual(row["dataproduct_type"], "ci")
        self.assertEqual(row["instrument_host_name"], "STEREO_A")
      </code>
    </regTest>
    <regTest title="Its contour is served as TFCat.">
      <url ID="t3_20010302_010000_625">tfcat/dlget</url>
      <code>
        self.assertHasStrings('"FeatureCollection"', '"Polygon"', '"stereo_a"')
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
