"""Loading granules into the table: staging, merge, cursor, ledger, quarantine."""
