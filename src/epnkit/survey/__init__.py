"""Judging many EPN-TAP services side by side: those of a registry, or of a list."""
