"""Granules as packages (OAIS SIPs) for a REGARDS archive, sent over RabbitMQ.

What REGARDS takes and answers is in its documentation (https://regardsoss.github.io, "Services",
"Ingest", API guides) and in the OpenAPI description of its service ``rs-ingest`` there.
"""
