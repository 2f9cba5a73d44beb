"""A load by several processes or machines: its parts, who takes them, and what becomes of them.

The parts are windows of the source, rows of ``epnkit.load_parts``.  A worker takes one for a time
(a lease), reads, maps and checks it, and stores the batches in ``epnkit.load_batches``.  The loader
takes them out in the order of the source, and treats them as batches that it had prepared itself:
table, tracking table, ledger and quarantine are those of a load in one process.
"""
