"""What do fits of spin-diode spectra cost, beside a loop over SciPy's curve_fit?"""

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks import fitting_peer as peer
from benchmarks.row import Row
from rfjax.devices import Resonator
from rfjax.fitting import fit_spin_diode
from rfjax.fitting.guesses import Guesses
from rfjax.fitting.starts import Shapes, kinds
from rfjax.rectifiers import Independent
from rfjax.rectifiers.spectrum import spectrum

CENTRE, UNIT = 2e8, 2e6  # Hz; the tones reach ten units to either side
NOISE = 0.02  # of the largest voltage
TURNS = 5
WITHIN = 1.01  # times what the true devices leave: a success
TOLD = "SciPy curve_fit in a loop, exact Jacobian in NumPy, started next to the true device"
EXACT = "SciPy curve_fit in a loop, exact Jacobian in NumPy, from rfjax' starts and by its rules"
PLAIN = "the same with differences, which curve_fit takes where no Jacobian is given"


class Drawn(NamedTuple):
    """Spectra of devices: voltages without and with noise, V, (count, powers, n), and the devices.

    **Arguments:** `near`: parameters of the peer a few per cent off the true ones.
    """

    tones: Float[np.ndarray, " n"]
    powers: Float[np.ndarray, " powers"]
    exact: Float[np.ndarray, "count powers n"]
    measured: Float[np.ndarray, "count powers n"]
    near: Float[np.ndarray, "count 7"]

    @property
    def phi(self) -> Float[np.ndarray, "powers n"]:
        """The tones in units, from the centre."""
        return np.tile((self.tones - CENTRE) / UNIT, (len(self.powers), 1))

    @property
    def scaled(self) -> Float[np.ndarray, "count powers n"]:
        """The spectra, of order one."""
        return self.measured / np.abs(self.measured).max((1, 2), keepdims=True)


def rows(quick: bool) -> Iterator[Row]:
    """Spectra of one power that do not fold, and of three powers on either branch."""
    count, few = (200, 20) if quick else (10_000, 200)
    straight = _drawn(count, np.linspace(180e6, 220e6, 200), np.array([10e-6]), 1.2)
    case = f"{count} spectra of 200 samples, none folds, seven parameters"
    yield from _compared(case, straight, {TOLD: _told(straight)}, few)
    folding = _drawn(count, np.linspace(180e6, 220e6, 121), np.array([1e-6, 4e-6, 10e-6]), 5.0)
    starts = _starts(folding, few)
    peers = {name: _searched(folding, starts, name == EXACT) for name in (EXACT, PLAIN)}
    case = f"{count} spectra of 3 × 121 samples, up to five linewidths of shift, nine parameters"
    yield from _compared(case, folding, peers, few)


def _compared(case: str, drawn: Drawn, peers: dict[str, Callable], few: int) -> Iterator[Row]:
    """Ours and each peer in turns: what else the machine does meets all."""
    count = len(drawn.measured)

    def fit(some=slice(None)):
        return fit_spin_diode(drawn.tones, drawn.measured[some], drawn.powers)

    fit(slice(600))  # compiles
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ("", *peers)}
    left: dict[str, list] = {name: [] for name in peers}
    found = None
    for turn in range(TURNS):
        found, spent = _timed(fit)
        times[""].append(spent)
        part = range(turn * few // TURNS, (turn + 1) * few // TURNS)
        for name, fitted in peers.items():
            some, spent = _timed(lambda fitted=fitted, part=part: [fitted(n).left for n in part])
            left[name] += some
            times[name].append(spent)
    true = ((drawn.measured - drawn.exact) ** 2).sum((1, 2))
    assert found is not None
    good = float(((found.residuals**2).sum((1, 2)) < WITHIN * true).mean())
    unit = (np.abs(drawn.measured).max((1, 2)) ** 2)[:few]
    cpu, clock = (statistics.median(each) for each in zip(*times.pop(""), strict=True))
    for name, spent in times.items():
        reached = np.square(left[name]).sum(1) * unit < WITHIN * true[:few]
        what = f"CPU time of a fit; found {good:.1%}, SciPy {reached.mean():.1%}"
        theirs = TURNS * statistics.median(each for each, _ in spent) / few
        yield Row(case, what, cpu / count, theirs, "s", name)
    yield Row(case, "all of them, by the clock", clock, None, "s", "none: see a fit")


def _timed(call: Callable):
    """What a call returns, and its seconds, of all cores and by the clock."""
    start = time.process_time(), time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = call()
    return found, (time.process_time() - start[0], time.perf_counter() - start[1])


def _told(drawn: Drawn) -> Callable[[int], peer.Found]:
    """Fits of one power that start next to the true devices."""
    scaled, phi = drawn.scaled, drawn.phi[0]
    offset = np.ones((len(phi), 1))
    return lambda n: peer.fitted(peer.Diode(phi, 1.0, offset), scaled[n, 0], drawn.near[n])


def _searched(drawn: Drawn, starts, exact: bool) -> Callable[[int], peer.Found]:
    """Fits that know the data alone."""
    scaled, phi, share = drawn.scaled, drawn.phi, drawn.powers / drawn.powers.max()
    return lambda n: peer.searched(phi, share, scaled[n], starts[n], exact=exact)


def _starts(drawn: Drawn, few: int) -> list[list[peer.Start]]:
    """Where fits of rfjax start, as parameters of the peer; their time is not counted."""
    scaled, phi, powers = drawn.scaled[:few], drawn.phi, len(drawn.powers)
    basis = np.full((*phi.shape, 1), phi.shape[1] ** -0.5)
    table = kinds(True, "either")
    guesses = Guesses(scaled, basis, phi, drawn.powers, table, CENTRE / UNIT, 1, np.float32)
    shapes = np.concatenate([guesses.mild()[:, :1], guesses.all(np.arange(few), 4)], 1)[:, :, 0]
    upper = shapes[..., Shapes._fields.index("upper")].astype(int)
    whole = np.concatenate([shapes[..., :6], np.zeros((*shapes.shape[:2], powers))], -1)
    return [list(zip(each, branch, strict=True)) for each, branch in zip(whole, upper, strict=True)]


def _drawn(count: int, tones, powers, most: float) -> Drawn:
    """Devices whose lines shift by so many linewidths at most.

    Where they fold, every other one is on the upper branch.
    """
    random = np.random.default_rng(0)
    damping = 0.01 * np.exp(0.2 * random.normal(size=count))
    frequency = CENTRE * (1 + 0.01 * random.normal(size=count))
    drive = (2e8 / (2 * np.pi * damping * frequency)) ** 2 * powers.max()
    shift, growth = random.uniform(-most, most, count), random.uniform(0.1, 1, count)
    angle = 0.4 * random.normal(size=count)
    devices = Resonator(
        frequency,
        damping=damping,
        nonlinear_shift=shift * damping / drive,
        nonlinear_damping=growth / drive,
        antisymmetric=np.cos(angle),
        symmetric=np.sin(angle),
    )
    lower, upper = (
        np.moveaxis(np.asarray(spectrum(devices, powers, tones, Independent(branch))), -1, 0)
        for branch in ("lower", "upper")
    )
    exact = np.where(np.arange(count)[:, None, None] % 2, upper, lower).astype(np.float64)
    largest = np.abs(exact).max((1, 2), keepdims=True)
    measured = exact + NOISE * largest * random.normal(size=exact.shape)
    volts = 6e7 * powers.max() / (2 * np.pi * damping * frequency)
    volts /= np.abs(measured).max((1, 2))
    true = [(frequency - CENTRE) / UNIT, damping * frequency / UNIT, shift, growth]
    true += [volts * np.cos(angle), volts * np.sin(angle), 0 * volts]
    near = np.stack(true, 1) + 0.05 * random.normal(size=(count, 7))
    return Drawn(tones, powers, exact, measured, near)
