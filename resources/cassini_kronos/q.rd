<resource schema="cassini_kronos" resdir="cassini_kronos">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">Cassini/RPWS Kronos: radio spectra of Saturn</meta>
  <meta name="shortName">co_kronos</meta>
  <meta name="description" format="rst">
    Radio spectra between 3.7 kHz and 16 MHz by the high-frequency receiver of Cassini's RPWS, from
    telemetry to physical units and to the flux, polarisation and direction of the waves: the Kronos
    database.  One row is one file, of an hour and a level of processing.
  </meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">saturn</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="creator">Cecconi, B.; Lamy, L.; Zarka, P.; Observatoire de Paris</meta>
  <meta name="source">2004SSRv..114..395G</meta>
  <meta name="facility">Cassini</meta>
  <meta name="instrument">RPWS</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Archive</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://lesia.obspm.fr/kronos/</meta>
  <LOOP source="epnkit/q#publication">
    <codeItems>
      import os
      import tomllib
      folder = os.path.join(base.getConfig("inputsDir"), os.path.dirname(context.forRD))
      with open(os.path.join(folder, "collections.toml"), "rb") as f:
        for each in tomllib.load(f)["collection"]:
          yield {"doi": each["doi"], "title": each["title"]}
    </codeItems>
  </LOOP>

  <table id="epn_core" onDisk="True" adql="True" primary="granule_uid">
    <mixin spatial_frame_type="none"
      optional_columns="access_url access_format access_estsize thumbnail_url file_name
        datalink_url target_region feature_name bib_reference publisher">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="cassini_kronos"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="cassini_kronos"/>
  <FEED source="epnkit/q#form" name="cassini_kronos"/>

  <regSuite title="Cassini/RPWS Kronos">
    <!-- The first asserts what is published of a real file; the others the replica's values. -->
    <regTest title="The hour 20 of day 180 of 2012 has the times of its records.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        obs_id, target_name, granule_gid FROM cassini_kronos.epn_core
        WHERE granule_uid='R2012180.20'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2456107.333348611, places=8)
        self.assertAlmostEqual(row["time_max"], 2456107.3748298613, places=8)
        self.assertAlmostEqual(row["spectral_range_min"], 3685.6, places=3)
        self.assertEqual(row["spectral_range_max"], 16025000)
        self.assertEqual(row["obs_id"], "K2012180.20")
        self.assertEqual(row["target_name"], "Saturn")
        self.assertEqual(row["granule_gid"], "co_rpws_hfr_kronos_n1")
      </code>
    </regTest>
    <regTest title="The levels of an hour share its obs_id.">
      <url parSet="TAP" QUERY="SELECT granule_uid, processing_level FROM cassini_kronos.epn_core
        WHERE obs_id='K2012180.20' ORDER BY processing_level, granule_uid">/tap/sync</url>
      <code>
        self.assertEqual([(row["granule_uid"], row["processing_level"])
            for row in self.getVOTableRows()],
          [("K2012180.20", 1), ("R2012180.20", 2), ("P2012180.20", 3),
           ("N3b_dsq2012180.20", 5), ("N3d_dsq2012180.20", 5), ("N3e_dsq2012180.20", 5)])
      </code>
    </regTest>
    <regTest title="Before Saturn, other bodies were observed.">
      <url parSet="TAP" QUERY="SELECT DISTINCT target_name
        FROM cassini_kronos.epn_core ORDER BY target_name">/tap/sync</url>
      <code>
        self.assertEqual([row["target_name"] for row in self.getVOTableRows()],
          ["Earth", "Jupiter", "Saturn"])
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
