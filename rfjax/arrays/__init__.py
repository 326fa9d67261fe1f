"""Arrays of resonators: which tone reaches which resonator, and with what sign it counts."""

from rfjax.arrays.chain import Chain
from rfjax.arrays.convolution import (
    AbstractConvolutionArray,
    CompactCrossbar,
    ParallelCrossbar,
    SequentialChain,
)
from rfjax.arrays.windows import Windows
from rfjax.arrays.wiring import head_to_tail

__all__ = [
    "AbstractConvolutionArray",
    "Chain",
    "CompactCrossbar",
    "ParallelCrossbar",
    "SequentialChain",
    "Windows",
    "head_to_tail",
]
