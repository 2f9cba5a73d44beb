"""DaCHS grammar: a catalogue in an SQL database, by ODBC or SQLAlchemy, loaded in bulk."""

from epnkit.loading.grammar import bulk

RowIterator = bulk("sql")
