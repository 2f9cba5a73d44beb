"""From records to granules and refusals, without a database."""
