"""What a field may mean, by its name and by its values."""
