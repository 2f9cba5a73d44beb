-- A way for validated polygons past pgsphere's check, which compares each edge with every other.
-- Idempotent; run once in DaCHS's database by a superuser, after `dachs init`:
--     sudo -u postgres psql -d gavo -f 30-trusted-polygons.sql
-- Without it, polygons are read as text.
--
-- spoly_trusted takes the bytes of a polygon for the polygon and checks nothing: only the loader's
-- role may call it, and it validates each polygon first (src/epnkit/regions/geometry/binary.py).
CREATE SCHEMA IF NOT EXISTS epnkit AUTHORIZATION gavoadmin;

CREATE OR REPLACE FUNCTION epnkit.spoly_trusted(bytea, bytea) RETURNS spoly
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteacat';
REVOKE ALL ON FUNCTION epnkit.spoly_trusted(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epnkit.spoly_trusted(bytea, bytea) TO gavoadmin;

-- The bytes of a polygon, to be compared with those that the loader writes.
CREATE OR REPLACE FUNCTION epnkit.spoly_bytes(spoly) RETURNS bytea
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteasend';
REVOKE ALL ON FUNCTION epnkit.spoly_bytes(spoly) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epnkit.spoly_bytes(spoly) TO gavoadmin;
