"""A parallel load, by several processes or machines: its parts, its workers, and their results.

The parts are windows of the source, rows of ``epnkit.load_parts``.  A worker takes one for a
limited time (a lease), reads, maps and checks it, and stores the batches in
``epnkit.load_batches``.  The loader reads these in the order of the source, and loads them like
batches that it prepared itself: table, tracking table, ledger and quarantine are those of a load in
one process.
"""
