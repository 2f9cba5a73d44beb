"""What is to be checked, read from a file, a folder, a TAP service or a registry."""
