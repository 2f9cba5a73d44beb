-- The version of the state tables, which epnkit 0.1 did not write: a row for each migration.
CREATE TABLE epnkit.state_version (
    version integer PRIMARY KEY,
    epnkit  text NOT NULL,                 -- the release that migrated
    since   timestamptz NOT NULL DEFAULT clock_timestamp()
);
