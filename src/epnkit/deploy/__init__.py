"""Installing services in a DaCHS, and removing them."""
