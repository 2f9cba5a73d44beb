"""From granules to the table: staging, merge, cursor, ledger, quarantine."""
