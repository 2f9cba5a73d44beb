"""Values of sources in one form: times, documents, ends of windows."""
