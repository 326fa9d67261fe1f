"""Arrays of resonators: which tone reaches which resonator, and with what sign it counts."""

from rfjax.arrays.chain import Chain
from rfjax.arrays.convolution import (
    AbstractConvolutionArray,
    CompactCrossbar,
    ParallelCrossbar,
    SequentialChain,
)
from rfjax.arrays.resonator_array import ResonatorArray, covered, prepared
from rfjax.arrays.windows import Windows
from rfjax.arrays.wiring import AbstractWiring, OwnTone, SharedLine, head_to_tail

__all__ = [
    "AbstractConvolutionArray",
    "AbstractWiring",
    "Chain",
    "CompactCrossbar",
    "OwnTone",
    "ParallelCrossbar",
    "ResonatorArray",
    "SequentialChain",
    "SharedLine",
    "Windows",
    "covered",
    "head_to_tail",
    "prepared",
]
