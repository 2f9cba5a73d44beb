"""DaCHS grammar: a catalogue in an SQL database, by ODBC or SQLAlchemy, row by row."""

from epnkit.loading.grammar import rows

RowIterator = rows("sql")
