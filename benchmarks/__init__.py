"""Each figure of the README, with the usual way beside it in the same run."""
