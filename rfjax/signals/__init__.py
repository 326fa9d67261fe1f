"""From received signals to the shares of tone powers that a network takes."""

from rfjax.signals.levels import Levels

__all__ = ["Levels"]
