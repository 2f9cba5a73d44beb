"""SQL databases, by ODBC and by SQLAlchemy."""
