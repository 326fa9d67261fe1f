"""Published results of single resonators."""
