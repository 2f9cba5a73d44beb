"""Contours and other shapes on the sphere: numpy in, numpy out, no database."""
