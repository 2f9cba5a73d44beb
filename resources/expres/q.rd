<resource schema="expres" resdir="expres">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">ExPRES: modelled radio emissions of Jupiter</meta>
  <meta name="shortName">expres</meta>
  <meta name="description" format="rst">
    Dynamic spectra of Jupiter's auroral radio emissions, and of those that its moons cause, as
    ExPRES (Exoplanetary and Planetary Radio Emissions Simulator) models them for observers on the
    Earth and on spacecraft.  One row is one simulation.
  </meta>
  <meta name="subject">planetary-science</meta>
  <meta name="subject">jupiter</meta>
  <meta name="subject">magnetospheric-radio-emissions</meta>
  <meta name="creator">Louis, C. K.; Cecconi, B.</meta>
  <meta name="rights">CC-BY</meta>
  <meta name="source">2019A&amp;A...627A..30L</meta>
  <!-- Inferred: no telescope observed this; MASER is where the simulations are run. -->
  <meta name="facility">MASER</meta>
  <meta name="instrument">ExPRES</meta>
  <meta name="contentLevel">Research</meta>
  <meta name="type">Simulation</meta>
  <meta name="coverage.waveband">Radio</meta>
  <meta name="utype">ivo://ivoa.net/std/epntap#table-2.0</meta>
  <meta name="referenceURL">https://expres.readthedocs.io/</meta>
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
        datalink_url target_region bib_reference">//epntap2#table-2_0</mixin>
    <FEED source="epnkit/q#served"/>
    <FEED source="epnkit/q#times"/>
    <FEED source="epnkit/q#spectrum"/>
  </table>

  <FEED source="epnkit/q#datalink" name="expres"/>

  <data id="import" updating="True">
    <sources pattern="source.toml"/>
    <customGrammar module="../grammars/files"/>
    <make table="epn_core"/>
  </data>

  <FEED source="epnkit/q#coverage" name="expres"/>
  <FEED source="epnkit/q#form" name="expres"/>

  <regSuite title="ExPRES">
    <!-- The first asserts what one real configuration says; the others the replica's values. -->
    <regTest title="The simulation of 30 April 2015 has its day and its frequencies.">
      <url parSet="TAP" QUERY="SELECT time_min, time_max, spectral_range_min, spectral_range_max,
        target_name, target_class, instrument_host_name, granule_gid FROM expres.epn_core WHERE
        granule_uid='expres_earth_jupiter_io_vipal_lossc-wid1deg_3kev_20150430_v01'">/tap/sync</url>
      <code>
        row, = self.getVOTableRows()
        self.assertAlmostEqual(row["time_min"], 2457142.5, places=8)
        self.assertAlmostEqual(row["time_max"], 2457143.5, places=8)
        self.assertEqual(row["spectral_range_min"], 1e4)
        self.assertEqual(row["spectral_range_max"], 4.4e7)
        self.assertEqual(row["target_name"], "Jupiter#Io")
        self.assertEqual(row["target_class"], "planet#satellite")
        self.assertEqual(row["instrument_host_name"], "Earth")
        self.assertEqual(row["granule_gid"], "expres_earth_jupiter_io")
      </code>
    </regTest>
    <regTest title="A simulation of a published data set refers to it.">
      <url parSet="TAP" QUERY="SELECT bib_reference, COUNT(*) AS n FROM expres.epn_core
        GROUP BY bib_reference ORDER BY bib_reference">/tap/sync</url>
      <code>
        own = "doi:10.1051/0004-6361/201935161"
        self.assertEqual([row["bib_reference"] for row in self.getVOTableRows()],
          [own, own+"#doi:10.25935/txka-y235", own+"#doi:10.25935/y0f3-9n63"])
      </code>
    </regTest>
    <FEED source="epnkit/q#unknown"/>
  </regSuite>
</resource>
