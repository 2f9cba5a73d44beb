"""Geometry on the sphere and in the plane of the solar disc."""
