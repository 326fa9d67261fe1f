"""What cannot be used ends in one line of ours, whatever kind of object it is."""

import diffrax
import jax
import jaxtyping
import numpy as np
import pytest

from rfjax import InvalidInput, Oscillator, Resonator
from rfjax.dynamics import (
    Coupling,
    Feedback,
    SampledTone,
    SparseCoupling,
    ThermalNoise,
    Tones,
    Waveform,
    simulate,
)

KEY = jax.random.key(0)
RAGGED = [[1], [1, 2]]
DEVICES = {"resonator": Resonator(1e9), "three": Resonator(np.full(3, 1e9))}
OSCILLATOR = Oscillator(1e9, 0.01, 0.05, 1.0, 1e10)


def run(forces=(), devices="resonator", duration=1e-6, **settings):
    devices = DEVICES.get(devices, devices) if isinstance(devices, str) else devices
    simulate(devices, duration, forces, **settings)


CASES = {
    "noise": [lambda v=v: run(noise=v, key=KEY) for v in (1.0, "x", ThermalNoise)],
    "key": [
        lambda v=v: run(noise=ThermalNoise(1e5), key=v)
        for v in (0, "x", jax.random.split(KEY), np.zeros(2))
    ],
    "force": [
        lambda v=v: run(v)
        for v in ("tone", ["tone"], 3.5, np.ones(3), None, Tones, Waveform(np.ones(1), 1e-9))
    ],
    "start": [
        lambda v=v: run(start=v)
        for v in ("x", ["x"], object(), 1e10, 5.0, complex(0, np.nan), 10**400, RAGGED, True)
    ],
    "strength": [
        *(lambda v=v: Coupling(v) for v in ("x", None, np.zeros((0, 0)), RAGGED, 1.0)),
        *(lambda v=v: Feedback(v, delay=1e-9) for v in ("x", None, RAGGED, np.nan)),
        *(lambda v=v: SparseCoupling(v, [0], [1], 2) for v in ("x", [], 1.0, [np.inf], None)),
    ],
    "delay": [lambda v=v: Feedback(1e6, delay=v) for v in ("x", np.ones(2), 0, None, np.inf)],
    "solver": [
        lambda v=v: run(solver=v)
        for v in (
            "dopri8",
            diffrax.Tsit5,
            diffrax.Kvaerno5(),
            diffrax.SemiImplicitEuler(),
            diffrax.ShARK(),
            diffrax.ItoMilstein(),
            diffrax.Euler(),
            diffrax.LeapfrogMidpoint(),
        )
    ],
    "tolerance": [lambda v=v: run(tolerance=v) for v in (np.nan, 1e300, 1, 0, -1, "x", [1e-3])],
    "saves": [lambda v=v: run(saves=v) for v in (2.5, "2", 10**12, True, 1, -3, None)],
    "progress": [lambda v=v: run(progress=v) for v in ("yes", 1, None, np.ones(2))],
    "max_steps": [lambda v=v: run(max_steps=v) for v in (1e6, 0, "x", None)],
    "devices": [lambda v=v: run(devices=v) for v in (1e9, Resonator, "x", None)],
    "duration": [
        lambda v=v: run(duration=v)
        for v in ("1 us", np.ones(3), None, 1000.0, 1e9, 1e300, -1, np.inf)
    ],
    "step": [lambda v=v: run(step=v) for v in (1e-30, 0, "x", [1e-9])],
    "reference|steps": [lambda v=v: run(reference=v) for v in (1e30, -1, "x", np.nan)],
    "current|steps|devices": [
        *(lambda v=v: run(devices=OSCILLATOR, current=v) for v in (1e6, 1e300, "x", None, [None])),
        *(lambda v=v: run(current=v) for v in ("x", 1e-3, None)),
    ],
    "do not broadcast": [
        lambda: run(Tones(np.ones((2, 1)), 1e9), devices="three"),
        lambda: run(Coupling(np.ones((2, 2))), devices="three"),
        lambda: run(devices="three", noise=ThermalNoise(np.ones(2)), key=KEY),
        lambda: Tones(np.ones(2), np.full(3, 1e9)),
        lambda: SampledTone(np.ones(2), np.full(3, 1e9), interval=1e-9),
    ],
    "source": [
        lambda v=v: SparseCoupling([1.0], v, [1], 2)
        for v in ([0.0], [True], ["a"], [2**40], [-1], RAGGED, [0, 1], None, 0)
    ],
    "oscillators": [lambda v=v: SparseCoupling([1.0], [0], [1], v) for v in (2.5, -3, 0, "x")],
    "samples": [lambda v=v: Waveform(v, 1e-9) for v in ([], "x", [1j, 2.0], 1.0, RAGGED, [np.nan])],
    "interval": [
        *(lambda v=v: Waveform([1.0], v) for v in (np.ones(1000), "x", 0, None)),
        *(
            lambda v=v: SampledTone(np.ones(9), 1e9, interval=v)
            for v in (np.linspace(0, 1, 1000), "x", -1, None)
        ),
    ],
    "interpolation": [lambda v=v: Waveform([1.0], 1e-9, v) for v in ("cubic", 3, None)],
    "force|frequency": [
        *(lambda v=v: Tones(v, 1e9) for v in ("x", None, 1j, RAGGED, np.nan)),
        *(lambda v=v: Tones(1e7, v) for v in ("x", [], 0.0, -1e9, None)),
        *(lambda v=v: SampledTone(v, 1e9, interval=1e-9) for v in ([], "x", 1.0)),
    ],
}


@pytest.fixture
def _unchecked_types():
    """As users have it, without the type checks of the tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("_unchecked_types")
@pytest.mark.parametrize("names", CASES)
def test_bad_input_is_named_in_one_line(names):
    for case in CASES[names]:
        with pytest.raises(InvalidInput, match=names) as refused:
            case()
        assert len(str(refused.value)) < 250
        assert "\n" not in str(refused.value)
