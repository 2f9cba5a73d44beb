<resource schema="epnkit" resdir="epnkit">
  <meta name="creationDate">2026-11-21T00:00:00Z</meta>
  <meta name="title">What the services made with epnkit share</meta>
  <meta name="description">Streams and procedures that the RDs of epnkit's services use; it has
    no table and no service of its own.</meta>
  <meta name="subject">solar-system-astronomy</meta>
  <meta name="creator">The epnkit developers</meta>

  <!-- Parsing a query makes so much garbage that the collector searches all objects of the server
    for every few of them, which takes a tenth of a second.  So what lives long is left out, from now
    on and again every ten minutes; what was left out before is searched then.  Imports run no
    jobs. -->
  <execute every="-600" title="leave what lives long out of garbage collections">
    <job><code>
      import gc
      gc.unfreeze()
      gc.collect()
      gc.freeze()
    </code></job>
  </execute>

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

  <mixinDef id="supplemented">
    <doc>
      Says in the registry record of a table that its data are at the streaming server, too
      (IsSupplementedBy), where ``epnkit stream link`` has said that it has data sets of them.
    </doc>
    <processLate>
      <setup>
        <code>
          import json
          import os
        </code>
      </setup>
      <code>
        path = os.path.join(base.getConfig("configDir"), "epnkit-stream.json")
        if os.path.exists(path):
          with open(path) as f:
            known = json.load(f)
          if known["services"].get(substrate.rd.schema):
            substrate.addMeta("isSupplementedBy",
              "The records of its files by HAPI, %s/hapi"%known["url"])
      </code>
    </processLate>
  </mixinDef>

  <mixinDef id="uncompared">
    <doc>
      Lets PostgreSQL keep no statistics of columns with addresses, which hardly any query compares:
      sorting a sample of them is a fifth of the analysis that follows each import.
    </doc>
    <processLate>
      <code>
        for column in substrate:
          if "meta.ref.url" in column.ucd and not column.hasProperty("statisticsTarget"):
            column.setProperty("statisticsTarget", "0")
      </code>
    </processLate>
  </mixinDef>

  <STREAM id="served">
    <doc>
      For a table with a datalink service: publishes it, links its rows to their datalinks, and says in
      its registry record where the streaming server has its data.
    </doc>
    <mixin>epnkit/q#supplemented</mixin>
    <mixin>epnkit/q#uncompared</mixin>
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

  <STREAM id="pointing">
    <doc>
      Columns of an observation that points at a part of the Sun, as field_of_view and
      heliocentric_angles make them.
    </doc>
    <column name="theta" type="double precision" unit="deg" ucd="pos.emergenceAng"
      tablehead="theta" description="Heliocentric angle at the field's centre: between the line of
      sight and the vertical."/>
    <column name="mu" type="double precision" ucd="arith.factor;pos.emergenceAng"
      tablehead="mu" description="Cosine of the heliocentric angle."/>
    <column name="theta_origin" type="text" ucd="meta.code"
      tablehead="Origin of theta" description="given: from the source; mu, pointing: computed from
      that. off_pointing: the pointing says another angle."/>
    <column name="footprint_area" type="double precision" unit="deg**2" ucd="phys.area"
      tablehead="Area" description="Area of the footprint on the sphere."/>
    <column name="footprint_flags" type="text" ucd="meta.code"
      tablehead="Flags" description="What was done to the footprint: clipped by the limb; off_limb,
      without a footprint."/>
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
        from epnkit.loading.incremental_query import incremental_query, source_query
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
        from epnkit.loading.rowmaker import rowmaker_granules
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
      epnkit.granules_SCHEMA: the server does not need epnkit.  From DaCHS 2.11 on, the data themselves
      have a content_qualifier, by the granule's dataproduct_type.
    </doc>
    <setup>
      <par key="schema" late="True" description="The service's schema, as a Python value."/>
      <code>
        import json

        from gavo.protocols.datalink import LinkDef

        # EPN-TAP's dataproduct_type in the words of http://www.ivoa.net/rdf/product-type; it has none
        # for photometric functions, catalogue items, vectors and events.
        PRODUCT_TYPES = {"im": "#image", "ma": "#image", "sp": "#spectrum", "ds": "#dynamic-spectrum",
          "sc": "#spectral-cube", "pr": "#spatial-profile", "vo": "#cube", "mo": "#time-cube",
          "cu": "#cube", "ts": "#timeseries", "ca": "#measurements"}

        def qualify(semantics, product_type):
          # DaCHS before 2.11 does not know the column.
          known = "contentQualifier" in LinkDef.__init__.__code__.co_varnames
          term = PRODUCT_TYPES.get(product_type) if semantics=="#this" else None
          return {"contentQualifier": term} if known and term else {}

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
          contentLength=link["content_length"],
          **qualify(link["semantics"], descriptor.metadata["dataproduct_type"]))
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
      at the streaming server; none unless ``epnkit stream link`` has said where that is.  The document
      also describes the service (DataLink 1.1, section 4), with the granule's times as the values of
      its parameters.  DaCHS describes its own services alone, so that this one is added to those that
      it has listed for the request.
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

        from gavo.utils import stealVar
        from gavo.votable import V

        class HapiService(object):
          # As DaCHS describes its own services; rendName must be one of the datalink service.
          rendName = "dlmeta"

          def __init__(self, pubDID, url, title, dataset, span):
            self.pubDID, self.url, self.dataset, self.span = pubDID, url, dataset, span
            self.description = "Records by HAPI, of any span: %s"%title

          def asVOT(self, ctx, accessURL=None, linkIdTo=None):
            # DaCHS 2.7 calls it with the address of the datalink service, 2.11 without.
            return V.RESOURCE(ID=ctx.getOrMakeIdFor(self, suggestion="hapi_svc"), name="hapi_svc",
                type="meta", utype="adhoc:service")[
              V.DESCRIPTION[self.description],
              self._param("accessURL", self.url+"/hapi/data", ucd="meta.ref.url"),
              self._param("contentType", "text/csv"),
              V.GROUP(name="inputParams")[
                self._param("dataset", self.dataset),
                self._time("start", "first time, which is included"),
                self._time("stop", "time before which it ends"),
                self._param("format", "csv")[
                  V.DESCRIPTION["The form of the records"],
                  V.VALUES[[V.OPTION(value=each) for each in ("csv", "binary", "json")]]]]]

          def _time(self, name, what):
            return self._param(name, self.span[name], xtype="timestamp", ucd="time.epoch")[
              V.DESCRIPTION["The %s; that of the granule, but any of the data set will do"%what]]

          def _param(self, name, value, **more):
            return V.PARAM(name=name, datatype="char", arraysize="*", value=value, **more)

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
        try:
          described = stealVar("endpoints")
        except ValueError:
          continue # this DaCHS lists them elsewhere: the links above still lead there
        described.append(
          HapiService(descriptor.pubDID, url, each["title"], each["dataset"], span))
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

  <procDef id="part_parameters" type="metaMaker">
    <doc>
      Describes the parameters of the service that lists the files of a part, for data sets whose
      files are known; see the stream files_of_parts.
    </doc>
    <setup>
      <code>
        import base64
        import json
        import zlib
      </code>
    </setup>
    <code>
      known = descriptor.metadata.get("file_array")
      if not known:
        return
      parts = json.loads(zlib.decompress(base64.b64decode(known)))["parts"]
      shape = parts[0]["grid"]+parts[0]["frame"]
      yield MS(InputKey, name="slice", type="text", multiplicity="single", ucd="meta.number",
        tablehead="Part", description="The part of the array that is wanted, as numpy writes it:"
        " a number, low:high or low:high:step for each axis, the rest is taken whole. The axes"
        " have the lengths %s"%", ".join(str(length) for length in shape))
      if "tile" in parts[0]:
        yield MS(InputKey, name="tile", type="text", multiplicity="single", ucd="meta.number",
          tablehead="Tiles", description="The tiles of the mosaic that are wanted, row and column,"
          " written in the same way; without it, all are")
    </code>
  </procDef>

  <procDef id="list_files" type="dataFunction">
    <doc>
      Lists the files that a part of a data set needs, from the array of its files that a column
      file_array holds, as compressed JSON (zlib) in base64: ``{"url": ADDRESS, "parts": [{"tile": [0, 1], "grid": [4, 100],
      "frame": [981, 2555], "hdu": 1, "names": [...]}]}``.  Names are in the order of the array, the
      last axis of the grid fastest; ``tile`` is there for mosaics.  ``urls`` and ``sizes`` give each
      file its own address and length, instead of ``url`` with its name.  It is written at import:
      no file is opened here.
    </doc>
    <setup>
      <code>
        import base64
        import itertools
        import json
        import re
        import zlib
        from urllib.parse import quote

        from gavo import rsc
        from gavo.formats import votablewrite

        LONGEST = 200

        def choose(token, length, axis):
          """returns the numbers along an axis that one entry of a slice means."""
          token = token.strip()
          if re.fullmatch(r"[-+]?\d{1,9}", token):
            number = int(token)
            if not -length&lt;=number&lt;length:
              raise ValueError("%d is not on axis %d, which has the length %d"%(number, axis, length))
            return range(number%length, number%length+1)
          found = re.fullmatch(r"([-+]?\d{0,9}):([-+]?\d{0,9})(?::([-+]?\d{0,9}))?", token)
          if not found:
            raise ValueError("%r is neither a number nor low:high"%token)
          try:
            ends = [int(each) if each else None for each in found.groups()]
            return range(length)[slice(*ends)]
          except ValueError:
            raise ValueError("%r has no step, or a step of 0"%token)

        def expand(text, count):
          """returns the entries of a slice for each of some axes."""
          if len(text)>LONGEST:
            raise ValueError("it is longer than %d characters"%LONGEST)
          tokens = [token.strip() for token in text.split(",")] if text.strip() else []
          if tokens.count("...")>1:
            raise ValueError("it has ... more than once")
          if "..." in tokens:
            at = tokens.index("...")
            left = count-len(tokens)+1
            tokens[at:at+1] = [":"]*max(0, left)
          if len(tokens)>count:
            raise ValueError("it has %d entries, the array %d axes"%(len(tokens), count))
          return tokens+[":"]*(count-len(tokens))

        def ranges(text, shape):
          tokens = expand(text or "", len(shape))
          return [choose(token, length, axis)
            for axis, (token, length) in enumerate(zip(tokens, shape))]

        def needed(part, text):
          """yields the index and the number of each file that a part of an array needs."""
          wanted = ranges(text, part["grid"]+part["frame"])
          along, within = wanted[:len(part["grid"])], wanted[len(part["grid"]):]
          if not all(len(each) for each in within):
            return
          for index in itertools.product(*along):
            place = 0
            for number, length in zip(index, part["grid"]):
              place = place*length+number
            yield index, place

        def chosen_tiles(parts, text):
          if not text:
            return parts
          if "tile" not in parts[0]:
            raise ValueError("the data set is no mosaic of tiles")
          shape = [max(part["tile"][axis] for part in parts)+1
            for axis in range(len(parts[0]["tile"]))]
          wanted = ranges(text, shape)
          return [part for part in parts
            if all(number in along for number, along in zip(part["tile"], wanted))]

        def file_rows(did, known, args):
          field = "tile"
          try:
            parts = chosen_tiles(known["parts"], args.get("tile"))
            field = "slice"
            for part in parts:
              for index, place in needed(part, args.get("slice")):
                name = part["names"][place]
                url = known["url"]+quote(name) if known["url"] else None
                yield {"ID": did, "access_url": part["urls"][place] if "urls" in part else url,
                  "service_def": None, "error_message": None, "semantics": "#this",
                  "description": "File %s of the data set"%name,
                  "content_type": "application/fits",
                  "content_length": part["sizes"][place] if "sizes" in part else None,
                  "file_name": name, "array_index": ",".join(str(number) for number in index),
                  "tile": ",".join(str(number) for number in part.get("tile", [])) or None,
                  "hdu": part.get("hdu")}
          except ValueError as error:
            raise base.ValidationError(str(error), field)
      </code>
    </setup>
    <code>
      known = descriptor.metadata.get("file_array")
      if not known:
        raise base.NotFoundError(descriptor.pubDID, "list of files", "data sets whose files are"
          " known and public")
      known = json.loads(zlib.decompress(base64.b64decode(known)))
      rows = list(file_rows(descriptor.pubDID, known, args))
      table = rsc.TableForDef(rd.getById("files_response"), rows=rows)
      total = sum(len(part["names"]) for part in known["parts"])
      table.setMeta("info", "%d of %d files are needed"%(len(rows), total),
        infoName="files", infoValue="%d/%d"%(len(rows), total))
      results = rsc.wrapTable(table)
      results.setMeta("_type", "results")
      descriptor.data = ("application/x-votable+xml;content=datalink",
        votablewrite.getAsVOTable(results, tablecoding="td"))
    </code>
  </procDef>

  <procDef id="same_hours" type="metaMaker">
    <doc>
      Yields links to what other services of this DaCHS have of the same hours: of each at most ten
      granules of the same target, those that begin last before the granule's end.  A service that is
      not here is passed over.
    </doc>
    <setup>
      <par key="services" late="True" description="Their schemas, as a Python list."/>
      <code>
        def granules_between(schema, target, low, high):
          with base.getTableConn() as conn:
            (known,), = conn.query("SELECT to_regclass(%(name)s)", {"name": schema+".epn_core"})
            if known is None:
              return []
            return list(conn.queryToDicts(
              'SELECT granule_uid, instrument_name, dataproduct_type, datalink_url FROM "%s".epn_core'
              " WHERE time_min&lt;=%%(high)s AND time_max>=%%(low)s AND datalink_url IS NOT NULL"
              " AND target_name=%%(target)s ORDER BY time_min DESC, granule_uid LIMIT 10"%schema,
              {"low": low, "high": high, "target": target}))
      </code>
    </setup>
    <code>
      granule = descriptor.metadata
      if None in (granule["time_min"], granule["time_max"]):
        return
      for schema in services:
        for other in granules_between(
            schema, granule["target_name"], granule["time_min"], granule["time_max"]):
          yield descriptor.makeLink(other["datalink_url"], semantics="#counterpart",
            contentType="application/x-votable+xml;content=datalink",
            description="Of the same hours: %s, %s (%s)"%(
              other["instrument_name"], other["granule_uid"], other["dataproduct_type"]))
    </code>
  </procDef>

  <STREAM id="files_of_parts">
    <doc>
      Instead of the stream datalink, for a table whose granules are data sets of many files, with a
      hidden column file_array: the datalink service, and a service ``files`` which lists the files
      that a part of a data set needs (``files?ID=BRMQY&amp;slice=0,50``), as a datalink document whose
      rows say besides where in the array each file is.  Datalink describes it as a service.
    </doc>
    <table id="files_response">
      <meta name="description">The files that a part of a data set needs.</meta>
      <column name="ID" type="text" ucd="meta.id;meta.main" description="The data set."/>
      <column name="access_url" type="text" ucd="meta.ref.url" description="Where the file is."/>
      <column name="service_def" type="text" ucd="meta.ref" description="Always empty."/>
      <column name="error_message" type="text" ucd="meta.code.error" description="Always empty."/>
      <column name="semantics" type="text" ucd="meta.code" description="What the file is to the
        data set."/>
      <column name="description" type="text" ucd="meta.note" description="The same for people."/>
      <column name="content_type" type="text" ucd="meta.code.mime" description="Its media type."/>
      <column name="content_length" type="bigint" unit="byte" ucd="phys.size;meta.file"
        description="Its length, if it is known."><values nullLiteral="-1"/></column>
      <column name="file_name" type="text" ucd="meta.id;meta.file" description="Its name."/>
      <column name="array_index" type="text" ucd="meta.number" description="Where it is in the array
        of files, from 0; of a tile's array in a mosaic."/>
      <column name="tile" type="text" ucd="meta.number" description="Row and column of the tile, in a
        mosaic."/>
      <column name="hdu" type="integer" ucd="meta.number" description="The number of the unit that
        holds the data."><values nullLiteral="-1"/></column>
    </table>
    <service id="dl" allowed="dlmeta,dlget">
      <meta name="title">\name datalink</meta>
      <meta name="description">Links of the granules of \name\+.epn_core: data, previews,
        documentation, products of the same observation.</meta>
      <meta name="dlget.description">The files that a part of the data set needs.</meta>
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
        <metaMaker procDef="epnkit/q#part_parameters"/>
        <dataFunction procDef="epnkit/q#list_files"/>
        <dataFormatter>
          <code>
            return descriptor.data
          </code>
        </dataFormatter>
      </datalinkCore>
    </service>
    <service id="files" allowed="dlget" core="dlcore" defaultRenderer="dlget">
      <meta name="title">\name files of a part</meta>
      <meta name="description">Lists the files that a part of a data set needs: ID says which data
        set, slice which part, tile which tiles of a mosaic.</meta>
    </service>
  </STREAM>

  <STREAM id="region_document">
    <doc>
      For a table of regions, as hfc1ar is: a service ``region`` that gives a granule as a document
      in JSON, with its outline (``geometry``, a ring of longitude and latitude in the table's frame,
      east positive, degrees, the shorter way around; no GeoJSON, which is of the Earth), its coverage as a MOC in ASCII
      (``moc``; of the outline, order 9, where the table has none), and its other values (``properties``).  ``Service(document="region")`` lets
      access_url lead to it, and datalink has it as ``#this``: bring
      ``epnkit/q#link_to_region`` into the datalink.
    </doc>
    <service id="region" allowed="dlget">
      <meta name="title">\name regions as documents</meta>
      <meta name="description">One region as JSON: outline, MOC and properties.</meta>
      <datalinkCore>
        <descriptorGenerator procDef="//datalink#fromtable">
          <bind key="tableName">"\name\+.epn_core"</bind>
          <bind key="idColumn">"granule_uid"</bind>
        </descriptorGenerator>
        <dataFunction>
          <setup>
            <code>
              import json
              import math
              LEFT_OUT = ("s_region", "coverage", "epnkit_links")

              def plain(value):
                """returns a value as JSON has it."""
                if isinstance(value, float):
                  return value if math.isfinite(value) else None
                if hasattr(value, "isoformat"):
                  return value.isoformat()
                return value if value is None or isinstance(value, (bool, int)) else str(value)

              def cover(region):
                """returns the MOC of an outline, in ASCII; None without mocpy, which the server
                does not need otherwise."""
                try:
                  from astropy import units
                  from mocpy import MOC
                except ImportError:
                  return None
                numbers = region.asDALI()
                found = MOC.from_polygon(numbers[::2]*units.deg, numbers[1::2]*units.deg, max_depth=9)
                return " ".join(found.to_string(format="ascii", fold=0).split())

              def outline(region):
                if region is None:
                  return None
                numbers = [round(number, 6) for number in region.asDALI()]
                corners = [list(pair) for pair in zip(numbers[::2], numbers[1::2])]
                return {"type": "Polygon", "coordinates": [corners+corners[:1]]}
            </code>
          </setup>
          <code>
            granule = descriptor.metadata
            region, moc = granule.get("s_region"), granule.get("coverage")
            if moc is None and region is not None:
              moc = cover(region)
            descriptor.data = json.dumps({
              "type": "Feature",
              "id": granule["granule_uid"],
              "geometry": outline(region),
              "moc": None if moc is None else (moc.asASCII() if hasattr(moc, "asASCII") else str(moc)),
              "properties": {name: plain(value) for name, value in sorted(granule.items())
                if name not in LEFT_OUT and value is not None}}, ensure_ascii=True)
          </code>
        </dataFunction>
        <dataFormatter>
          <code>
            return "application/json", descriptor.data.encode("ascii")
          </code>
        </dataFormatter>
      </datalinkCore>
    </service>
  </STREAM>

  <procDef id="link_to_region" type="metaMaker">
    <doc>Links a region's document; see the stream region_document.</doc>
    <setup>
      <par key="schema" late="True" description="The service's schema."/>
      <code>
        from urllib.parse import quote
      </code>
    </setup>
    <code>
      yield descriptor.makeLink(
        makeAbsoluteURL(schema+"/q/region/dlget?ID="+quote(descriptor.metadata["granule_uid"], safe="")),
        semantics="#this", contentType="application/json",
        description="The region itself: outline, MOC and properties")
    </code>
  </procDef>

  <STREAM id="unknown">
    <doc>The regression test of every datalink service: an unknown id gets a fault.</doc>
    <regTest title="An unknown id gets a fault.">
      <url ID="nothing">dl/dlmeta</url>
      <code>
        self.assertHasStrings("NotFoundFault")
      </code>
    </regTest>
  </STREAM>

  <STREAM id="form">
    <doc>
      A form in HTML on the main parameters of a table epn_core, for people with a browser; it is
      called web, and is listed on the root page of the server.
    </doc>
    <service id="web" allowed="form">
      <meta name="shortName">\name form</meta>
      <meta name="title">\name\+: search by a form</meta>
      <publish render="form" sets="local"/>
      <dbCore queriedTable="epn_core" sortKey="time_min">
        <condDesc>
          <inputKey name="period" type="text" required="False" tablehead="Time"
            description="A day, or two with a slash between them: 2005-04-01/2005-04-03 (UTC)."/>
          <phraseMaker>
            <setup><code>
              import datetime
              epoch = datetime.datetime(1858, 11, 17)
              def julian(text, days=0):
                text = text.strip().replace("T", " ")
                try:
                  when = datetime.datetime.fromisoformat(text)
                except ValueError:
                  raise base.ValidationError("%r is not a time: write 2005-04-01"%text, "period")
                whole = days if len(text)==10 else 0
                return 2400000.5+(when-epoch)/datetime.timedelta(days=1)+whole
            </code></setup>
            <code>
              given = (inPars["period"] or "").strip()
              if given:
                first, _, last = given.partition("/")
                yield "time_max&gt;=%%(%s)s AND time_min&lt;%%(%s)s"%(
                  base.getSQLKey("first", julian(first), outPars),
                  base.getSQLKey("last", julian(last or first, 1), outPars))
            </code>
          </phraseMaker>
        </condDesc>
        <condDesc buildFrom="target_name"/>
        <condDesc buildFrom="dataproduct_type"/>
        <condDesc buildFrom="instrument_name"/>
        <condDesc buildFrom="spectral_range_min"/>
        <condDesc buildFrom="granule_uid"/>
      </dbCore>
      <outputTable autoCols="granule_uid,time_min,time_max,target_name,dataproduct_type,
        instrument_name,spectral_range_min,spectral_range_max,access_ur*,thumbnail_ur*,datalink_ur*"/>
    </service>
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
