"""Handwritten digits: networks of resonators beside software."""
