-- The books that epnkit keeps beside the data: idempotent, run before every load.
-- No TAP user sees them: they stand in no tap_schema, and only DaCHS's own reading role may use the
-- schema, to read in the table granules_SERVICE which links datalink offers.
CREATE SCHEMA IF NOT EXISTS epnkit;

-- The ledger: what became of the records of each run.
CREATE TABLE IF NOT EXISTS epnkit.runs (
    run          bigserial PRIMARY KEY,
    service      text NOT NULL,
    kind         text NOT NULL,            -- load, window, full, remap, reconcile, retry
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    started      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended        timestamptz,
    low          text,                     -- the window of the cursor that was read
    high         text,
    read         bigint NOT NULL DEFAULT 0, -- records that the source gave
    folded       bigint NOT NULL DEFAULT 0, -- of these, told of a thing that another record told of
    extra        bigint NOT NULL DEFAULT 0, -- granules beyond the first of a record
    loaded       bigint NOT NULL DEFAULT 0,
    changed      bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    repeated     bigint NOT NULL DEFAULT 0, -- the same granule once more in the same run
    quarantined  bigint NOT NULL DEFAULT 0,
    deleted      bigint NOT NULL DEFAULT 0, -- granules whose record is gone, or became another
    null_cursors bigint NOT NULL DEFAULT 0,
    source_count bigint,                   -- what the source itself said it holds
    seconds      jsonb,                    -- time by stage
    reason       text,
    CONSTRAINT balanced CHECK (
        state <> 'done'
        OR read + extra = folded + loaded + changed + unchanged + repeated + quarantined)
);

-- Refused records, with the reason; resolved when a later run loads them, or a person drops them.
CREATE TABLE IF NOT EXISTS epnkit.quarantine (
    entry       bigserial PRIMARY KEY,
    run         bigint NOT NULL,
    service     text NOT NULL,
    record_key  text NOT NULL,
    granule_uid text,
    rule        integer,
    field       text,
    reason      text NOT NULL,
    record      text NOT NULL,             -- the record as the source gave it, in JSON
    refused     timestamptz NOT NULL DEFAULT clock_timestamp(),
    resolved    text                       -- null, 'loaded', 'dropped', 'superseded' or 'gone'
);

-- How far each service got; definition tells a cursor from another that was declared before.
CREATE TABLE IF NOT EXISTS epnkit.cursors (
    service    text PRIMARY KEY,
    definition text NOT NULL,
    kind       text NOT NULL,
    value      text NOT NULL,
    run        bigint NOT NULL
);

-- The records behind the granules, as the source gave them: batches in Arrow's IPC format.
CREATE TABLE IF NOT EXISTS epnkit.records (
    number  bigserial,
    service text NOT NULL,
    run     bigint NOT NULL,               -- which read them
    count   integer NOT NULL,
    keys    text[] NOT NULL,               -- of each record, in their order in the batch
    batch   bytea NOT NULL,
    PRIMARY KEY (service, number)
);

-- By what the granules of each service were made: its source file's name, and hashes of what each
-- file of its folder says, as JSON.
CREATE TABLE IF NOT EXISTS epnkit.declarations (
    service  text PRIMARY KEY,
    declared text NOT NULL,
    run      bigint NOT NULL
);

-- How far a comparison of source and table got, so that one that was broken off goes on.
CREATE TABLE IF NOT EXISTS epnkit.comparisons (
    service text PRIMARY KEY,
    begun   timestamptz NOT NULL DEFAULT clock_timestamp(),
    bounds  text[] NOT NULL,
    done    integer NOT NULL DEFAULT 0,    -- parts compared
    missing text[] NOT NULL DEFAULT '{}',  -- keys that only the source has, or that differ
    gone    text[] NOT NULL DEFAULT '{}'   -- keys that only the table has
);

-- CREATE INDEX IF NOT EXISTS would wait for every load that goes on before it looks.
DO $$ BEGIN
    IF to_regclass('epnkit.runs_service') IS NULL THEN
        CREATE INDEX runs_service ON epnkit.runs (service, run);
    END IF;
    IF to_regclass('epnkit.quarantine_service') IS NULL THEN
        CREATE INDEX quarantine_service ON epnkit.quarantine (service, record_key);
    END IF;
END $$;
