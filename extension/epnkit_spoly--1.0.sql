-- The operator class epnkit_spoly: pg_sphere's own for spoly, in every version of pg_sphere, with
-- another function to make keys.  An index takes it by name:
--   CREATE INDEX ON epn_core USING gist (s_region epnkit_spoly)
\echo Use "CREATE EXTENSION epnkit_spoly" to load this file. \quit

CREATE FUNCTION epnkit_spoly_compress(internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE STRICT;

DO $$
DECLARE
    own oid := (SELECT c.oid FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod
                WHERE m.amname = 'gist' AND c.opcdefault AND c.opcintype = 'spoly'::regtype);
    family oid := (SELECT opcfamily FROM pg_catalog.pg_opclass WHERE oid = own);
    operators text := (
        SELECT string_agg(format('OPERATOR %s %s', amopstrategy, amopopr::regoperator), ', ')
        FROM pg_catalog.pg_amop WHERE amopfamily = family);
    functions text := (
        SELECT string_agg(format('FUNCTION %s %s', amprocnum,
            CASE amprocnum WHEN 3 THEN 'epnkit_spoly_compress(internal)'
                           ELSE amproc::regprocedure::text END), ', ')
        FROM pg_catalog.pg_amproc WHERE amprocfamily = family);
BEGIN
    EXECUTE format('CREATE OPERATOR CLASS epnkit_spoly FOR TYPE spoly USING gist AS %s, %s, STORAGE spherekey',
                   operators, functions);
END $$;
