"""Handwritten digits: networks of resonators compared with software."""
