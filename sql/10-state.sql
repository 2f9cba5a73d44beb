-- The state schema: what epnkit knows of its loads.  Idempotent; run before every load.
--
-- TAP users see none of it: the tables are in no tap_schema, and only DaCHS's own reading role may
-- use the schema, for the links that datalink reads from the tracking table granules_SERVICE.  That
-- table is created by the load, for each service (src/epnkit/loading/table/target.py).
CREATE SCHEMA IF NOT EXISTS epnkit;

-- The ledger: what became of the records of each run.
CREATE TABLE IF NOT EXISTS epnkit.runs (
    run          bigserial PRIMARY KEY,
    service      text NOT NULL,
    kind         text NOT NULL,            -- load, window, full, remap, reconcile, retry, release
    state        text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    started      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended        timestamptz,
    low          text,                     -- the window of the cursor that was read
    high         text,
    read         bigint NOT NULL DEFAULT 0, -- records that the source gave
    folded       bigint NOT NULL DEFAULT 0, -- of these, merged into another record of the same thing
    extra        bigint NOT NULL DEFAULT 0, -- granules beyond the first of a record
    loaded       bigint NOT NULL DEFAULT 0,
    changed      bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    repeated     bigint NOT NULL DEFAULT 0, -- the same granule again in the same run
    quarantined  bigint NOT NULL DEFAULT 0,
    deleted      bigint NOT NULL DEFAULT 0, -- granules whose record is gone or now makes another
    null_cursors bigint NOT NULL DEFAULT 0,
    source_count bigint,                   -- how many records the source said it has
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

-- How far each service got; definition identifies the cursor that the value belongs to.
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
    keys    text[] NOT NULL,               -- of each record, in the order of the batch
    batch   bytea NOT NULL,
    PRIMARY KEY (service, number)
);

-- The declaration that the granules of each service were made by, as JSON: the name of its source
-- file, and a hash of each file of its folder.
CREATE TABLE IF NOT EXISTS epnkit.declarations (
    service  text PRIMARY KEY,
    declared text NOT NULL,
    run      bigint NOT NULL
);

-- How far a comparison of source and table got, so that an interrupted one can continue.
CREATE TABLE IF NOT EXISTS epnkit.comparisons (
    service text PRIMARY KEY,
    begun   timestamptz NOT NULL DEFAULT clock_timestamp(),
    bounds  text[] NOT NULL,
    done    integer NOT NULL DEFAULT 0,    -- parts compared
    missing text[] NOT NULL DEFAULT '{}',  -- keys that only the source has, or that differ
    gone    text[] NOT NULL DEFAULT '{}'   -- keys that only the table has
);
