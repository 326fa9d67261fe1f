"""Published results of chains of resonators."""
