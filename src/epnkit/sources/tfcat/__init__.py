"""TFCat documents: catalogues of features in the plane of time and frequency."""
