"""HAPI 3.3 (https://github.com/hapi-server/data-specification): requests, metadata and formats."""
