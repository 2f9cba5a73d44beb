"""What is kept of a service beside its table: ledger, cursor, quarantine, records."""
