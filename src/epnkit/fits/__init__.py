"""Reading FITS headers as archives write them: keywords under several names, split dates."""
