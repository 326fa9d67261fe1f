"""Random devices under random mixtures of drives, integrated by rfjax and by SciPy.

`python -m tests.dynamics.mixtures COUNT [FIRST]` runs many and prints the worst.
"""

import sys
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from rfjax import Oscillator, Resonator
from rfjax.dynamics import SampledTone, Tones, Waveform, simulate

EFFICIENCY = 1e10
LANES = 2


class Mixture(NamedTuple):
    """Devices and drives as numbers, and how they are to be integrated."""

    fields: dict  # frequency, damping, nonlinear shift and damping; (lanes,)
    steady: tuple  # force, frequency, phase; (tones,)
    sampled: list  # of force, frequency, phase (samples,), and the interval
    current: tuple | None  # samples (lanes, samples), the interval, the interpolation
    start: np.ndarray
    duration: float
    saves: int
    tolerance: float | None


def drawn(seed: int) -> Mixture:
    """A mixture; powers stay where the model means something."""
    rng = np.random.default_rng(seed)
    frequency = 10 ** rng.uniform(7.5, 10)
    damping = 10 ** rng.uniform(-2.3, -1.5)
    width = damping * 2 * np.pi * frequency
    fields = {
        "frequency": frequency * (1 + damping * rng.normal(size=LANES)),
        "damping": damping * rng.uniform(0.8, 1.2, LANES),
        "nonlinear_shift": rng.uniform(-10, 10, LANES) * damping,
        "nonlinear_damping": rng.uniform(0, 3, LANES),
    }

    def near(count):
        """Forces, frequencies and phases of tones near the resonance."""
        force = width * rng.uniform(-0.4, 0.4, count)
        return (
            force,
            frequency * (1 + damping * rng.uniform(-4, 4, count)),
            rng.uniform(-3, 3, count),
        )

    sampled = []
    for _ in range(rng.integers(0, 3)):
        count = int(rng.integers(1, 30))
        sampled.append((*near(count), 10 ** rng.uniform(-1.3, 0.5) / width))
    current = None
    if not sampled or rng.uniform() < 0.6:
        samples = width / EFFICIENCY * rng.uniform(0, 3, (LANES, rng.integers(1, 20)))
        interpolation = str(rng.choice(["linear", "steps"]))
        current = samples, 10 ** rng.uniform(-1.3, 0.5) / width, interpolation
    return Mixture(
        fields,
        near(int(rng.integers(0, 4))),
        sampled,
        current,
        rng.uniform(-0.3, 0.3, LANES) + 1j * rng.uniform(-0.3, 0.3, LANES),
        rng.uniform(1, 6) / width,
        int(rng.choice([2, 3, 8, 50])),
        [None, 1e-6, 1e-8][rng.integers(3)],
    )


def by_rfjax(mixture: Mixture):
    """The save times, the frequency of the frame, and the amplitudes in it, (lanes, saves)."""
    forces = []
    if mixture.steady[0].size:
        forces.append(Tones(*mixture.steady))
    forces += [SampledTone(*values, interval=interval) for *values, interval in mixture.sampled]
    device, current = Resonator(**mixture.fields), 0.0
    if mixture.current is not None:
        device = Oscillator(**mixture.fields, spin_torque_efficiency=EFFICIENCY)
        current = Waveform(*mixture.current)
    found = simulate(
        device,
        mixture.duration,
        forces,
        current=current,
        start=mixture.start,
        saves=mixture.saves,
        tolerance=mixture.tolerance,
    )
    amplitude = np.asarray(found.real) + 1j * np.asarray(found.imaginary)
    return np.asarray(found.time), float(found.frame.reference), amplitude


def by_scipy(mixture: Mixture, times: np.ndarray, reference: float) -> np.ndarray:
    """The same from the equation of motion alone, from one switch to the next."""
    intervals = [(len(force), interval) for force, _, _, interval in mixture.sampled]
    if mixture.current is not None:
        intervals.append((mixture.current[0].shape[-1], mixture.current[1]))
    switches = [np.arange(1, count) * interval for count, interval in intervals]
    bounds = np.unique(np.concatenate([[0.0], *switches, [mixture.duration]]))
    bounds = bounds[bounds <= mixture.duration]
    amplitude, found = mixture.start.astype(complex), []
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        slope = slope_between(mixture, begin, end, reference)
        here = times[(times >= begin) & (times < end)]
        options = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-13}
        path = solve_ivp(slope, (begin, end), amplitude, t_eval=np.append(here, end), **options)
        found.append(path.y[:, :-1])
        amplitude = path.y[:, -1]
    return np.concatenate([*found, amplitude[:, None]], -1)


def slope_between(mixture: Mixture, begin: float, end: float, reference: float):
    """The equation of motion between two switches, in a frame."""
    frequency, damping, shift, nonlinear = mixture.fields.values()
    middle = (begin + end) / 2
    pushes = list(zip(*mixture.steady, np.zeros(len(mixture.steady[0])), strict=True))
    for force, tone, phase, interval in mixture.sampled:
        at = min(int(middle / interval), len(force) - 1)
        # Turns until this sample began, as if it had always had its frequency.
        ahead = np.sum(tone[:at]) * interval - tone[at] * at * interval
        pushes.append((force[at], tone[at], phase[at], ahead))

    def current(time):
        if mixture.current is None:
            return 0.0
        samples, interval, interpolation = mixture.current
        at = min(int(middle / interval), samples.shape[-1] - 1)
        if interpolation == "steps" or at == samples.shape[-1] - 1:
            return samples[:, at]
        share = time / interval - at
        return (1 - share) * samples[:, at] + share * samples[:, at + 1]

    def slope(time, c):
        p = np.abs(c) ** 2
        loss = damping * 2 * np.pi * frequency * (1 + nonlinear * p)
        gain = EFFICIENCY * current(time) * (1 - p)
        turning = 2 * np.pi * (frequency * (1 + shift * p) - reference)
        push = sum(
            force * np.exp(-1j * (2 * np.pi * ((tone - reference) * time + ahead) - phase))
            for force, tone, phase, ahead in pushes
        )
        return -(loss - gain) * c - 1j * turning * c + push

    return slope


def error(mixture: Mixture) -> float:
    """The largest difference of an amplitude from SciPy's, as a share of the largest."""
    times, reference, found = by_rfjax(mixture)
    expected = by_scipy(mixture, np.linspace(0, mixture.duration, mixture.saves), reference)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


if __name__ == "__main__":
    import jax

    jax.config.update("jax_enable_x64", True)
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    worst = 0.0
    for seed in range(first, first + count):
        here = error(drawn(seed))
        if here > worst:
            worst = here
            print(f"seed {seed}: {here:.2e}, the worst so far", flush=True)
        if seed % 50 == 49:
            jax.clear_caches()
            print(f"{seed + 1 - first} done", flush=True)
    print(f"{count} mixtures, worst {worst:.2e}")
