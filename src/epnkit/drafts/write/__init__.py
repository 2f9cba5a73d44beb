"""Writing a draft: a service folder, its RD, and what it shares with others."""
