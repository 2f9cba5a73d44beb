"""Fields of view of images with FITS world coordinates."""
