"""Arrays of resonators: which tone reaches which resonator, and with what sign it counts."""

from rfjax.arrays.chain import Chain
from rfjax.arrays.wiring import head_to_tail

__all__ = ["Chain", "head_to_tail"]
