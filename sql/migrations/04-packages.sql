-- Packages of granules that were sent to an archive, a row a version (epnkit.regards.state).
CREATE TABLE epnkit.packages (
    service     text NOT NULL,
    request     uuid NOT NULL,             -- by which answers name it; the same if it is sent again
    granule_uid text NOT NULL,
    provider_id text NOT NULL,             -- the archive's name for all versions
    version     integer NOT NULL,
    current     boolean NOT NULL DEFAULT true,
    granule     uuid NOT NULL,             -- hash of the granule, as in the tracking table
    settings    uuid NOT NULL,             -- hash of what sip.toml said
    content     uuid,                      -- hash of the package; null if there could be none
    state       text NOT NULL CHECK (state IN ('unready', 'sending', 'sent', 'denied', 'granted',
                                               'failed', 'stored', 'deleted')),
    urn         text,                      -- the archive's identifier of this version
    reason      text,                      -- why it is unready, denied or failed
    changed     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (service, request)
);
CREATE UNIQUE INDEX packages_current ON epnkit.packages (service, granule_uid) WHERE current;

-- Answers that could not be understood, so that nothing is lost when the queue goes on.
CREATE TABLE epnkit.odd_answers (
    number   bigserial PRIMARY KEY,
    service  text NOT NULL,
    received timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason   text NOT NULL,
    body     bytea NOT NULL
);
