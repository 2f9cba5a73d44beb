"""Where the Sun, the Earth and the observer are at a time."""
