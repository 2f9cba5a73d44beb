"""Contours of pixels to footprints on the Carrington sphere."""
