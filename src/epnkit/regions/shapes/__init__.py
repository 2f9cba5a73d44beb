"""Circles, boxes, points and rings as footprints."""
