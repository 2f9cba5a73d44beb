-- A row of a package changes three times: sent, granted, stored.  With room left on its page it stays
-- there, and no index is written (a heap-only update of PostgreSQL).  This rewrites nothing, and waits for no reader or writer: rows
-- that there are already stay where they are, until VACUUM FULL.
ALTER TABLE epnkit.packages SET (fillfactor = 40);
