-- Records whose data are withheld, and until when (UTC): what the next load opens by itself.
CREATE TABLE epnkit.embargoes (
    service    text NOT NULL,
    record_key text NOT NULL,
    until      timestamp NOT NULL,
    PRIMARY KEY (service, record_key)
);
