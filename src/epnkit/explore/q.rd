<resource schema="explore" resdir="explore">
  <meta name="creationDate">2026-11-27T00:00:00Z</meta>
  <meta name="title">Explore observations</meta>
  <meta name="description">A page that searches all EPN-TAP services of this server together, with a
    map, a timeline, pictures and links.</meta>
  <meta name="subject">solar-system-astronomy</meta>
  <meta name="creator">The epnkit developers</meta>

  <service id="page" allowed="static">
    <meta name="title">Explore observations</meta>
    <meta name="shortName">explore</meta>
    <property name="staticData">page</property>
    <property name="indexFile">page/index.html</property>
    <nullCore/>
  </service>
</resource>
