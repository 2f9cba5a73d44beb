"""A DaCHS instance: the one that commands act on, a private one, and what it runs on."""
