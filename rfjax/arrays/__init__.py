"""Arrays of resonators: which tone reaches which resonator, and with what sign it counts."""

from rfjax.arrays.chain import Chain
from rfjax.arrays.convolution import (
    AbstractConvolutionArray,
    CompactCrossbar,
    ParallelCrossbar,
    SequentialChain,
)
from rfjax.arrays.costs import Costs, costs
from rfjax.arrays.of_models import covered, prepared, with_readings, with_rectifier
from rfjax.arrays.polarity import head_to_tail
from rfjax.arrays.preparation import Tuned
from rfjax.arrays.reading import AbstractReading
from rfjax.arrays.resonator_array import ResonatorArray
from rfjax.arrays.weights import Mapped, own_tone_detuning, shared_line_detuning
from rfjax.arrays.windows import Windows
from rfjax.arrays.wiring import AbstractWiring, OwnTone, SharedLine

__all__ = [
    "AbstractConvolutionArray",
    "AbstractReading",
    "AbstractWiring",
    "Chain",
    "CompactCrossbar",
    "Costs",
    "Mapped",
    "OwnTone",
    "ParallelCrossbar",
    "ResonatorArray",
    "SequentialChain",
    "SharedLine",
    "Tuned",
    "Windows",
    "costs",
    "covered",
    "head_to_tail",
    "own_tone_detuning",
    "prepared",
    "shared_line_detuning",
    "with_readings",
    "with_rectifier",
]
