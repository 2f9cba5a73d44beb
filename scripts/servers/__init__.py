"""Real servers for tests and demos: on the loopback, unprivileged, with data in one directory."""
