"""Tables of TAP services."""
