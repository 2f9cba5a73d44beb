"""A DaCHS: the instance that commands act on, a private one of our own, and what it runs on."""
