"""From received signals to the shares of tone powers that a network takes."""

from rfjax.signals.channel import Channel
from rfjax.signals.front_end import FrontEnd
from rfjax.signals.modulations import (
    AbstractModulation,
    AmplitudeModulation,
    FrequencyModulation,
    FrequencyShiftKeying,
    PhaseShiftKeying,
    QuadratureAmplitude,
)
from rfjax.signals.receiver_levels import ReceiverLevels

__all__ = [
    "AbstractModulation",
    "AmplitudeModulation",
    "Channel",
    "FrequencyModulation",
    "FrequencyShiftKeying",
    "FrontEnd",
    "PhaseShiftKeying",
    "QuadratureAmplitude",
    "ReceiverLevels",
]
