"""Files that a web server lists: index pages of Apache, nginx and h5ai, and their JSON."""
