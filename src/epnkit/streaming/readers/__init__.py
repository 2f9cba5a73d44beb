"""Reading the files of granules: times, axes, and slices of variables."""
