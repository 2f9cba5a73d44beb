<resource schema="epnkit" resdir="epnkit">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">What the services made with epnkit share</meta>
  <meta name="description">Streams and procedures that the RDs of epnkit's services take in; it has
    no table and no service of its own.</meta>
  <meta name="subject">solar-system-astronomy</meta>
  <meta name="creator.name">The epnkit developers</meta>

  <STREAM id="times">
    <doc>An index for searches by time, as every EPN-TAP client makes them.</doc>
    <index columns="time_min,time_max"/>
  </STREAM>

  <STREAM id="spectrum">
    <doc>An index for searches by frequency.</doc>
    <index columns="spectral_range_min,spectral_range_max"/>
  </STREAM>

  <STREAM id="place">
    <doc>Indices for searches by place: the limits, and the footprint itself.</doc>
    <index columns="c1min,c1max"/>
    <index columns="c2min,c2max"/>
    <index columns="s_region" method="GIST" name="epn_core_s_region"/>
  </STREAM>
</resource>
