"""Devices and networks designed together, by one gradient."""
