<resource schema="nrh" resdir="nrh">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Nançay radioheliograph</meta>
  <meta name="shortName">nrh</meta>
  <meta name="description" format="rst">
    Images of the Sun by the Nançay radioheliograph between 150 and 450 MHz.  One row is one
    observation at a set of frequencies; its datalink lists a movie of each frequency, but for
    those that are too noisy.
  </meta>
  <meta name="subject">solar-physics</meta>
  <meta name="subject">solar-radio-emission</meta>
  <meta name="subject">radioheliographs</meta>
  <meta name="creator">Observatoire de Paris; Station de radioastronomie de Nançay</meta>
  <meta name="facility">Nancay Radio Observatory</meta>
  <meta name="instrument">NRH</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://rsdb.obs-nancay.fr/</meta>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="thumbnail_url datalink_url target_region">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>

    <column name="unique_id" type="unicode" ucd="meta.id"
      tablehead="Archive id" description="Identifier of the observation in the archive."/>
    <column name="frequencies" type="text" ucd="em.freq"
      tablehead="Frequencies" description="The frequencies observed, in MHz, separated by hashes."/>
    <column name="raw_file" type="text" ucd="meta.id;meta.file"
      tablehead="Raw file" description="The file of visibilities that the movies are made of."/>
  </table>

  <FEED source="epnkit/q#datalink" name="nrh">
    <EDIT ref="datalinkCore[dlcore]">
      <metaMaker procDef="epnkit/q#asked">
        <bind key="file">"movies.json"</bind>
        <bind key="column">"unique_id"</bind>
      </metaMaker>
    </EDIT>
  </FEED>

  <data id="import" updating="True">
    <sources pattern="source.json"/>
    <customGrammar module="../grammars/elasticsearch"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="nrh"/>
  <FEED source="epnkit/q#form" name="nrh"/>

  <regSuite title="Nançay radioheliograph">
    <!-- The first asserts what the one public example says; the others the replica's values. -->
    <regTest title="The example of 2007 has its times and its lowest and highest frequency.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        thumbnail_url, frequencies, obs_id
        FROM nrh.epn_core WHERE unique_id='nrh_20071221_114413_01Z'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2454455.98903941, places=8)
        self.assertAlmostEqual(row["time_max"], 2454456.10814918, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 1.509e8, places=1)
        self.assertAlmostEqual(row["spectral_range_max"], 4.320e8, places=1)
        self.assertTrue(row["thumbnail_url"].endswith("/2007/12/nrh21122007_4320.gif"))
        self.assertEqual(row["frequencies"], "150.9#228.0#327.0#408.0#432.0")
        self.assertEqual(row["obs_id"], "nrh_20071221_01")
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
