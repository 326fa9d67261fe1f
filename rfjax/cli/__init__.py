"""The command line: one file a command, and what all of them share."""

from rfjax.cli.app import main

__all__ = ["main"]
