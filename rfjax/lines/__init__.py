"""Lines: the tones that resonators receive, and their largest powers."""

from rfjax.lines.line import Line

__all__ = ["Line"]
