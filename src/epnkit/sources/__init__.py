"""Where records come from: one module a kind of source, one protocol for all."""
