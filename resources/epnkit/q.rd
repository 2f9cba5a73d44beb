<resource schema="epnkit" resdir="epnkit">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">What the services made with epnkit share</meta>
  <meta name="description">Streams and procedures that the RDs of epnkit's services use; it has
    no table and no service of its own.</meta>
  <meta name="subject">solar-system-astronomy</meta>
  <meta name="creator">The epnkit developers</meta>

  <STREAM id="coverage">
    <doc>
      The times and frequencies of a table epn_core, for the registry: ``dachs limits`` computes
      them from the granules.  It knows only obscore's columns, so this creates a view with these; the
      view is not in TAP.
    </doc>
    <table id="limits" onDisk="True">
      <meta name="description">Ends of times and frequencies of the granules of \name.</meta>
      <column name="t_min" type="double precision" unit="d" ucd="time.start"
        description="Begin, as a Julian date."/>
      <column name="t_max" type="double precision" unit="d" ucd="time.end"
        description="End, as a Julian date."/>
      <column name="em_min" type="double precision" unit="m" ucd="em.wl;stat.min"
        description="Shortest wavelength."/>
      <column name="em_max" type="double precision" unit="m" ucd="em.wl;stat.max"
        description="Longest wavelength."/>
      <viewStatement>
        CREATE VIEW \name\+.limits AS SELECT time_min AS t_min, time_max AS t_max,
          299792458/NULLIF(spectral_range_max, 0) AS em_min,
          299792458/NULLIF(spectral_range_min, 0) AS em_max
        FROM \name\+.epn_core
      </viewStatement>
    </table>
    <data id="make_limits"><make table="limits"/></data>
    <coverage>
      <updater timeTable="limits" spectralTable="limits"/>
      <temporal/>
      <spectral/>
    </coverage>
  </STREAM>

  <STREAM id="served">
    <doc>
      For a table with a datalink service: publishes it, and links its rows to their datalinks.
    </doc>
    <publish sets="ivo_managed,local"/>
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">dl</meta>
      <meta name="idColumn">granule_uid</meta>
    </meta>
  </STREAM>

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

  <!-- No type: DaCHS 2.7 has none for makeQuery, and takes a procDef without one. -->
  <procDef id="incremental">
    <doc>
      The query of an odbcGrammar, restricted to what the table does not have yet.  It is right on the
      first import, on later ones, on full ones and under ``-R``, and on an empty table; with lag it
      reads again what may have arrived late.  If the folder has a source file,
      ``source_query(rd.getAbsPath("source.toml"))`` is its query.  The grammar must pass what it
      imports into::

        &lt;odbcGrammar>
          &lt;sourceFields>&lt;code>return {"data_": data}&lt;/code>&lt;/sourceFields>
          &lt;makeQuery procDef="epnkit/q#incremental">
            &lt;bind key="query">"SELECT ... FROM ..."&lt;/bind>
            &lt;bind key="remote">"date_obs"&lt;/bind>
            &lt;bind key="local">"time_min"&lt;/bind>
          &lt;/makeQuery>
        &lt;/odbcGrammar>
    </doc>
    <setup>
      <par key="query" late="True" description="A SELECT, as a Python value."/>
      <par key="remote" late="True" description="The column of the query that grows with time."/>
      <par key="local" late="True" description="The column of the table made from it."/>
      <par key="form" late="True" description="What local holds: julian_date, time or number."
        >"julian_date"</par>
      <par key="lag" late="True" description="How far to go back: days, or the column's own unit."
        >0</par>
      <par key="written" late="True" description="How a time is written: text, or timestamp for
        ODBC's {ts '...'}, where remote is a time in SQL Server or Oracle.">"text"</par>
      <code>
        from epnkit.errors import EpnkitError
        from epnkit.loading.query import incremental_query, source_query
      </code>
    </setup>
    <code>
      try:
        return incremental_query(self.sourceRow, query, remote, local, form, lag, written)
      except EpnkitError as error:
        raise base.ReportableError(str(error))
    </code>
  </procDef>

  <procDef id="granule" type="apply">
    <doc>
      The granule that service.py makes of a record, for a rowmaker with ``idmaps="*"`` after a grammar
      of DaCHS that reads the source's records, such as an odbcGrammar with epnkit/q#incremental: the
      same granule as in a bulk load, with its links.  A refused record is reported as a warning; an
      unchanged granule is not written again.
    </doc>
    <setup>
      <code>
        from epnkit.errors import EpnkitError
        from epnkit.loading.single import rowmaker_granules
      </code>
    </setup>
    <code>
      try:
        made = rowmaker_granules(rd.resdir, targetTable).make_granule(vars)
      except EpnkitError as error:
        raise base.ReportableError(str(error))
      if made is None:
        raise IgnoreThisRow()
      vars.update(made)
    </code>
  </procDef>

  <procDef id="links" type="metaMaker">
    <doc>
      Yields the links that the service declares, as they were compiled while the granule was
      imported, and one to each other product of the same observation.  They are read as text from
      epnkit.granules_SCHEMA: the server does not need epnkit.
    </doc>
    <setup>
      <par key="schema" late="True" description="The service's schema, as a Python value."/>
      <code>
        import json

        def compiled_links(schema, uid):
          with base.getTableConn() as conn:
            rows = list(conn.query(
              'SELECT epnkit_links FROM epnkit."granules_%s" WHERE granule_uid=%%(uid)s'%schema,
              {"uid": uid}))
          return json.loads(rows[0][0]) if rows else []

        def counterparts(schema, uid, obs_id):
          with base.getTableConn() as conn:
            return list(conn.queryToDicts(
              'SELECT granule_uid, dataproduct_type, datalink_url FROM "%s".epn_core'
              ' WHERE obs_id=%%(obs_id)s AND granule_uid!=%%(uid)s'
              ' ORDER BY granule_uid LIMIT 100'%schema, {"obs_id": obs_id, "uid": uid}))
      </code>
    </setup>
    <code>
      uid = descriptor.metadata["granule_uid"]
      for link in compiled_links(schema, uid):
        yield descriptor.makeLink(link["url"], description=link["description"],
          semantics=link["semantics"], contentType=link["content_type"],
          contentLength=link["content_length"])
      for other in counterparts(schema, uid, descriptor.metadata["obs_id"]):
        yield descriptor.makeLink(other["datalink_url"], semantics="#counterpart",
          contentType="application/x-votable+xml;content=datalink",
          description="Of the same observation: %s (%s)"%(
            other["granule_uid"], other["dataproduct_type"]))
    </code>
  </procDef>

  <procDef id="streams" type="metaMaker">
    <doc>
      Yields for each data set that a granule is part of a picture of the granule and its records, both
      at the streaming server; none unless ``epnkit stream link`` has said where that is.
    </doc>
    <setup>
      <par key="schema" late="True" description="The service's schema, as a Python value."/>
      <code>
        import datetime
        import json
        import math
        import os
        import re
        import urllib.parse

        def linked(schema):
          path = os.path.join(base.getConfig("configDir"), "epnkit-stream.json")
          if not os.path.exists(path):
            return "", []
          with open(path) as f:
            found = json.load(f)
          return found["url"], found["services"].get(schema, [])

        def moment(date, up):
          # A whole second on the outer side, so that all records are within.
          seconds = (date-2440587.5)*86400
          whole = math.floor(seconds+1e-4)+1 if up else math.floor(seconds-1e-4)
          start = datetime.datetime(1970, 1, 1)
          return (start+datetime.timedelta(seconds=whole)).isoformat()+"Z"
      </code>
    </setup>
    <code>
      granule = descriptor.metadata
      url, listed = linked(schema)
      for each in listed:
        if None in (granule["time_min"], granule["time_max"]) or not all(
            re.search(pattern, str(granule.get(column) or ""))
            for column, pattern in each["where"].items()):
          continue
        span = {"start": moment(granule["time_min"], False), "stop": moment(granule["time_max"], True)}
        query = urllib.parse.urlencode({"dataset": each["dataset"], **span})
        yield descriptor.makeLink("%s/plot?%s"%(url, query), semantics="#preview",
          contentType="image/png", description="A picture of it: %s"%each["title"])
        yield descriptor.makeLink("%s/hapi/data?%s"%(url, query), semantics="#derivation",
          contentType="text/csv", description="Its records by HAPI: %s"%each["title"])
    </code>
  </procDef>

  <procDef id="asked" type="metaMaker">
    <doc>
      Yields a link for each movie that an archive's HTTP service lists when it is asked, by POST,
      for one observation.  If the service cannot be asked, there is a fault row, and the other
      links of the granule are as ever.

      A slow archive does not slow down the server: one deadline holds for the whole request, at
      most two requests are out at a time, the others get the fault row at once, and after a failure
      the archive is left alone for half a minute.

      The file is JSON in the service's folder: ``url``; ``patience``, for how many seconds at most
      it is waited for; ``excluded``, the frequencies whose movies are not shown.  A file
      epnkit-SCHEMA.json in DaCHS's configDir overrides what it holds.
    </doc>
    <setup>
      <par key="file" late="True" description="The file's name, as a Python value."/>
      <par key="column" late="True" description="The column with the archive's identifier."/>
      <code>
        import http.client
        import json
        import os
        import re
        import sys
        import threading
        import time
        import types
        import urllib.error
        import urllib.parse
        import urllib.request

        LONGEST = 1000000
        AT_ONCE = 2
        PAUSE = 30

        # One for the whole server, whatever services ask.
        archives = sys.modules.setdefault("epnkit_archives", types.ModuleType("epnkit_archives"))
        if not hasattr(archives, "slots"):
          archives.slots = threading.BoundedSemaphore(AT_ONCE)
          archives.resting = {}

        class SameServer(urllib.request.HTTPRedirectHandler):
          def redirect_request(self, request, fp, code, message, headers, newurl):
            old, new = (urllib.parse.urlsplit(u) for u in (request.full_url, newurl))
            if (old.scheme, old.netloc)!=(new.scheme, new.netloc):
              raise ValueError("it leads to another server")
            return super().redirect_request(request, fp, code, message, headers, newurl)

        def settings(file):
          with open(os.path.join(rd.resdir, file)) as f:
            found = json.load(f)
          own = os.path.join(base.getConfig("configDir"), "epnkit-%s.json"%rd.schema)
          if os.path.exists(own):
            with open(own) as f:
              found.update(json.load(f))
          if not found["url"].startswith(("http://", "https://")):
            raise ValueError("its address is none of HTTP")
          return found

        def fetch(url, identifier, end):
          request = urllib.request.Request(url, data=json.dumps({"unique_id": identifier}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"})
          opener, read = urllib.request.build_opener(SameServer), b""
          with opener.open(request, timeout=max(0.01, end-time.monotonic())) as answer:
            while True:
              part = answer.read1(65536)
              if not part:
                return json.loads(read.decode("utf-8"))
              read += part
              if len(read)>LONGEST or time.monotonic()>end:
                raise ValueError("its answer does not end")

        def ask(url, identifier, patience):
          server = urllib.parse.urlsplit(url).netloc
          if time.monotonic()&lt;archives.resting.get(server, 0):
            raise OSError("it did not answer a moment ago")
          if not archives.slots.acquire(blocking=False):
            raise OSError("others are asking it")
          outcome, finished, end = {}, threading.Event(), time.monotonic()+patience

          def work():
            try:
              outcome["found"] = fetch(url, identifier, end)
            except Exception as error:
              outcome["error"] = error
            finally:
              archives.slots.release()
              finished.set()

          # A name that is not found, a handshake or headers that never end hold this thread only.
          threading.Thread(target=work, daemon=True).start()
          if not finished.wait(patience):
            archives.resting[server] = time.monotonic()+PAUSE
            raise TimeoutError("it takes too long")
          error = outcome.get("error")
          if error is None:
            return outcome["found"]
          if not isinstance(error, urllib.error.HTTPError) or error.code!=404:
            archives.resting[server] = time.monotonic()+PAUSE
          raise error

        def movie(each, excluded):
          # None for one that is not to be shown, or not as it should be: the others are shown.
          try:
            frequency, url, size = float(each["frequency"]), each["url"], each.get("size")
            if (frequency in excluded or not 0&lt;frequency&lt;1e6
                or not re.fullmatch(r"https?://[!-~]+", url)):
              return None
          except (ValueError, KeyError, TypeError, AttributeError):
            return None
          sized = isinstance(size, int) and not isinstance(size, bool) and 0&lt;=size&lt;2**63
          return frequency, url, size if sized else None
      </code>
    </setup>
    <code>
      try:
        wanted = settings(file)
        found = ask(wanted["url"], descriptor.metadata[column], wanted["patience"])
        listed = [movie(each, wanted["excluded"]) for each in found["videoplots"]]
      except Exception as error:
        # Whatever an archive sends, the other links of the granule stand.
        if isinstance(error, urllib.error.HTTPError) and error.code==404:
          yield DatalinkFault.NotFoundFault(descriptor.pubDID,
            "the archive has no movies of it", semantics="#preview")
        else:
          yield DatalinkFault.TransientFault(descriptor.pubDID,
            "the archive does not list its movies now, try again later: %s"%(
              type(error).__name__), semantics="#preview")
        return
      for frequency, url, size in sorted(
          filter(None, listed), key=lambda each: (each[0], each[1])):
        yield descriptor.makeLink(url, semantics="#preview", contentType="image/gif",
          contentLength=size, description="Movie at %.1f MHz"%(frequency/10))
    </code>
  </procDef>

  <STREAM id="publication">
    <doc>
      The registry's metadata of a publication that granules are part of: its DOI and title.  For a
      LOOP over what the service lists in its collections.toml, as in expres/q.
    </doc>
    <meta name="isServiceFor">\title, https://doi.org/\doi</meta>
  </STREAM>

  <STREAM id="unknown">
    <doc>The regression test of every datalink service: an unknown id gets a fault.</doc>
    <regTest title="An unknown id gets a fault.">
      <url ID="nothing">dl/dlmeta</url>
      <code>
        self.assertHasStrings("NotFoundFault")
      </code>
    </regTest>
  </STREAM>

  <STREAM id="datalink">
    <doc>
      The datalink service of a table epn_core whose granules have links; it is called dl, and its
      core dlcore, so that an EDIT can add another metaMaker.
    </doc>
    <service id="dl" allowed="dlmeta">
      <meta name="title">\name datalink</meta>
      <meta name="description">Links of the granules of \name\+.epn_core: data, previews,
        documentation, products of the same observation.</meta>
      <datalinkCore id="dlcore">
        <descriptorGenerator procDef="//datalink#fromtable">
          <bind key="tableName">"\name\+.epn_core"</bind>
          <bind key="idColumn">"granule_uid"</bind>
        </descriptorGenerator>
        <metaMaker procDef="epnkit/q#links">
          <bind key="schema">"\name"</bind>
        </metaMaker>
        <metaMaker procDef="epnkit/q#streams">
          <bind key="schema">"\name"</bind>
        </metaMaker>
      </datalinkCore>
    </service>
  </STREAM>
</resource>
