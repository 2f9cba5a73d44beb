"""Record services over HTTP, which give JSON in pages."""
