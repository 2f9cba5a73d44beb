"""MongoDB, by its driver and behind RESTHeart."""
