-- The parts of a load that several processes or machines share (src/epnkit/loading/parallel): a row
-- each, while the load runs.
CREATE TABLE epnkit.load_parts (
    run      bigint NOT NULL,
    part     integer NOT NULL,             -- from 0, in the order of the source
    service  text NOT NULL,
    loader   integer NOT NULL,             -- its process of PostgreSQL: it ends with the load
    bounds   jsonb NOT NULL,               -- the window of the cursor that it reads
    state    text NOT NULL DEFAULT 'waiting'
             CHECK (state IN ('waiting', 'running', 'done', 'failed', 'loaded')),
    attempts integer NOT NULL DEFAULT 0,   -- how often it was taken
    worker   text,                         -- who has it, or had it last: host and process
    session  integer,                      -- that worker's process of PostgreSQL
    lease    timestamptz,                  -- until when it is that worker's
    started  timestamptz,
    ended    timestamptz,
    records  bigint NOT NULL DEFAULT 0,
    granules bigint NOT NULL DEFAULT 0,
    refused  bigint NOT NULL DEFAULT 0,
    content  text,                         -- hash of its batches
    problem  jsonb,                        -- the error that a failed one ended with
    PRIMARY KEY (run, part)
);
CREATE INDEX load_parts_service ON epnkit.load_parts (service);

-- What a part was mapped to, until it is loaded: batches in Arrow's IPC format.  Those of an attempt
-- that another one overtook are left out.  A restart after a crash empties it, and ends the load too.
CREATE UNLOGGED TABLE epnkit.load_batches (
    run     bigint NOT NULL,
    part    integer NOT NULL,
    attempt integer NOT NULL,
    nth     integer NOT NULL,
    batch   bytea NOT NULL,
    PRIMARY KEY (run, part, attempt, nth),
    FOREIGN KEY (run, part) REFERENCES epnkit.load_parts ON DELETE CASCADE
);
ALTER TABLE epnkit.load_batches ALTER batch SET STORAGE EXTERNAL;  -- it is compressed already

-- What loads by several processes left that were killed before: tables of a kind that is no more.
DO $$ DECLARE part text; BEGIN
    FOR part IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'epnkit' AND tablename ~ '^part_.*_[0-9]+$'
    LOOP
        EXECUTE format('DROP TABLE epnkit.%I', part);
    END LOOP;
END $$;
