"""Writing a draft down: a service folder, its RD, and what stands beside it."""
