"""Proposals for times: of granules, of their steps, and of the records themselves."""
