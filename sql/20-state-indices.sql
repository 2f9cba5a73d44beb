-- Indices of the state tables.  Idempotent; run before every load.
--
-- CREATE INDEX IF NOT EXISTS would wait for running loads even if the index exists.
DO $$ BEGIN
    IF to_regclass('epnkit.runs_service') IS NULL THEN
        CREATE INDEX runs_service ON epnkit.runs (service, run);
    END IF;
    IF to_regclass('epnkit.quarantine_service') IS NULL THEN
        CREATE INDEX quarantine_service ON epnkit.quarantine (service, record_key);
    END IF;
END $$;
