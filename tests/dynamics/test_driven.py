"""Drives that change in time beside numbers that SciPy found, of a file that is given."""

import numpy as np
import pytest

from rfjax import Oscillator, Resonator
from rfjax.dynamics import SampledTone, Waveform, simulate


def agrees(case, ends, integrated):
    """At the end for 2 and 201 save times, and at every sample for one each."""
    expected = np.array(case["power_at_sample_ends"])
    for saves in (2, 201):
        power = np.asarray(integrated(saves).power)
        assert abs(power[-1] - expected[-1]) < 1e-6 * expected.max()
    power = np.asarray(integrated(ends + 1).power)[1:]
    assert np.abs(power - expected).max() < 1e-6 * expected.max()


@pytest.mark.parametrize("number", range(8))
def test_sampled_tones(driven, number):
    case = driven["sampled_tone"][number]
    tone = SampledTone(
        *(np.array(case[field]) for field in ("force", "frequency", "phase")),
        interval=case["interval"],
    )
    ends, device = len(case["force"]), Resonator(**case["device"])
    duration = ends * case["interval"]
    agrees(case, ends, lambda saves: simulate(device, duration, tone, saves=saves))


@pytest.mark.parametrize("number", range(8))
def test_waveforms(driven, number):
    case = driven["waveform"][number]
    current = Waveform(np.array(case["current"]), case["interval"])
    ends, device = len(case["current"]) - 1, Oscillator(**case["device"])
    settings = {"current": current, "start": case["start"]}
    duration = ends * case["interval"]
    agrees(case, ends, lambda saves: simulate(device, duration, saves=saves, **settings))
