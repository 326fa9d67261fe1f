"""Evaluations of arrays of resonators that are fast, and know for what they hold."""
