"""The state of a service in the schema epnkit: ledger, cursor, quarantine, kept records."""
