"""A static page that shows what a service holds, aggregated in the database."""
