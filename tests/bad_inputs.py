"""Bad values for the arguments of the public API, tried as users try them: without type checks.

Run as a program, since the checks of types that tests install would refuse most of them first.
`python -m tests.bad_inputs` prints a line for every fault that it finds, and at the end how many
values it tried.
"""

import dataclasses
import functools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax

import rfjax
from rfjax import arrays, data, dynamics, experiments, nn, plotting, training
from rfjax import rectifiers as R
from rfjax.checks import InvalidInput
from rfjax.laws import frequency_comb

LONGEST = 300  # letters of a message
BEYOND_32_BITS = 5_000_000_000


class Stranger:
    """An object that nothing here has a use for."""


KEY = jax.random.key(0)
TONES = np.array([1.0e9, 1.1e9, 1.2e9])
POWERS = np.full(3, 1e-5)
RESONATOR = rfjax.Resonator(1e9)
LINE = rfjax.Resonator(TONES)
LINE_OF_TWO = rfjax.Resonator(TONES[:2])
OSCILLATOR = rfjax.Oscillator(1e9, 0.01, 0.1, 2.0, 1e12)
DETUNING = np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]])
KERNEL = np.array([[[0.1, -0.2]], [[0.3, 0.4]]])  # (filters, channels, kernel)
LINES = rfjax.Line(TONES, 1e-5), rfjax.Line(TONES[:2], 1e-5)
BUILT = {"resonators": RESONATOR, "key": KEY, "rectifier": R.Linear(), "tolerance": None}
PERCEPTRON = nn.mlp((2,), lines=LINES[0], **BUILT)
MLP = nn.mlp((2, 2), lines=LINES, **BUILT)
SIZES = {"image": (1, 6), "filters": (1,), "kernel": (3,), "pool": (2,), "outputs": (2,)}
CNN = nn.cnn(**SIZES, band=(1e9, 10e9), power=1e-5, **BUILT)
SOFTWARE, SOFTWARE_MLP = (nn.twin(each, key=KEY) for each in (PERCEPTRON, MLP))
ENSEMBLE = training.ensemble([PERCEPTRON, PERCEPTRON])
INPUTS = np.linspace(0, 1, 24).reshape(8, 3)
LABELS = np.arange(8) % 2
TRAJECTORY = dynamics.simulate(OSCILLATOR, 1e-7, current=5e-4, start=0.1)
WINDOWS = arrays.Windows((2,))
CROSSBAR = arrays.CompactCrossbar((2, 1, 2), (6,))
HISTORY = training.History(*(np.ones((1, 2)),) * 4)
FIGURE, PANELS = plotting.figure()

# What is no real number, whatever it is given for.
NO_NUMBER = [
    "x",
    "1",
    b"1",
    True,
    np.True_,
    1j,
    np.array([1j]),
    np.array(["a", "b"]),
    ["a", "b"],
    [1.0, "2"],
    [[1.0], [1.0, 2.0]],
    [None],
    {"a": 1},
    {1.0},
    Stranger(),
    float,
    lambda: 1.0,
    KEY,
    RESONATOR,
    np.ma.array([1.0, 2.0], mask=[True, False]),
    np.nan,
    np.inf,
    -np.inf,
    [1.0, np.nan],
    10**400,
]
NO_OBJECT = ["x", 1.5, True, [1], {}, np.ones(3), Stranger(), Stranger, lambda: None, KEY]
NO_COUNT = [
    "3",
    2**64,
    0,
    -1,
    2.5,
    np.nan,
    True,
    1j,
    [],
    [2],
    np.ones(3),
    {},
    Stranger(),
    lambda: 2,
]
NO_COUNTS = [3, 2.5, "ab", [], [0], [-1], [2.5], ["a"], [True], [None], {}, Stranger(), len, KEY]
NO_KEY = [None, 0, "x", 1.5, True, np.zeros(2), jax.random.split(KEY), Stranger(), len, [KEY]]
NO_SHARE = [0, -0.5, 1.5, np.nan, np.inf, "x", True, 1j, [0.5], np.ones(2), {}, Stranger()]
NO_FUNCTION = [0, "x", 1.5, [len], np.ones(2), Stranger()]
NO_WORD = ["nonsense", 0, 1.5, ["lower"], b"lower", Stranger(), len]
NO_PATH = ["", "a\0b", 0, 1.5, True, ["a"], {}, Stranger(), len]
NO_INPUTS = [
    INPUTS * 255,
    INPUTS - 0.5,
    INPUTS[:, :2],
    np.ones((8, 4)),
    INPUTS[0, :2],
    0.5,
    "x",
    None,
    INPUTS.astype(str),
    INPUTS + 1j,
    np.where(INPUTS > 0.5, np.nan, INPUTS),
    np.where(INPUTS > 0.5, np.inf, INPUTS),
    [[0.1, 0.2, 0.3], [0.1, 0.2]],
    INPUTS > 0.5,
    Stranger(),
    len,
    KEY,
    np.ma.array(INPUTS, mask=INPUTS > 0.5),
]
NO_ROWS = [*NO_INPUTS, INPUTS[:0], INPUTS[:5], INPUTS[0], []]
NO_LABELS = [
    LABELS + 50,
    LABELS - 1,
    LABELS.astype(float),
    LABELS.astype(str),
    LABELS > 0,
    LABELS + 1j,
    LABELS[:5],
    LABELS[:0],
    LABELS[:, None],
    1,
    "x",
    None,
    [],
    ["a"] * 8,
    LABELS.astype(np.int64) + 2**40,
    np.ma.array(LABELS, mask=LABELS > 0),
    Stranger(),
    len,
    KEY,
]

UNEQUAL = json.dumps(json.loads(HISTORY.to_json()) | {"test_loss": [[1.0], [2.0]]})


def _is_scaled(value):
    """Whether software takes it: it has no range of inputs."""
    return isinstance(value, np.ndarray) and value.shape == INPUTS.shape and value.dtype == float


def _is_complex(value):
    return isinstance(value, complex) or (isinstance(value, np.ndarray) and value.dtype == complex)


# Values that each kind of argument has to refuse.
REFUSED: dict[str, list] = {
    "finite": [*NO_NUMBER, None],
    "positive": [*NO_NUMBER, None, 0, -1.0, [1.0, 0.0]],
    "non_negative": [*NO_NUMBER, None, -1.0, [1.0, -1.0]],
    "number": [*NO_NUMBER, None, 0, -1.0, [1.0], np.ones(3), [], np.ones((1, 1))],
    "small number": [*NO_NUMBER, None, 0, -1.0, [1.0], np.ones(3), 0.01, 5.0],
    "phases": [*NO_NUMBER, np.zeros(2), np.zeros((2, 4)), []],
    "complex": [v for v in NO_NUMBER if not _is_complex(v)] + [None],
    "count": [*NO_COUNT, None],
    "counts": [*NO_COUNTS, None],
    "stride": [*NO_COUNTS[1:], None],
    "key": NO_KEY,
    "fraction": [*NO_SHARE, 1, None],
    "function": [*NO_FUNCTION, None],
    "word": [*NO_WORD, None],
    "branch of two": [*NO_WORD, "upper", None],
    "path": NO_PATH,
    "object": [*NO_OBJECT, None, 0],
    "objects": [*NO_OBJECT, None, 0, []],
    "layers": [3, "ab", [], [3], ["a"], [None], {}, Stranger(), len],
    "no gradient": NO_FUNCTION,
    "forces": [*NO_OBJECT, None, 0],
    "inputs": NO_INPUTS,
    "rows": NO_ROWS,
    "labels": NO_LABELS,
    "index": ["x", 2.5, -1, 10**6, True, None, [0], np.ones(2), Stranger()],
    "space": ["x", 3, None, [], [0], [-1], [5.5], (6, 6), [True], ["a"], Stranger(), len],
    "padding": ["x", -1, 1.5, None, True, [], (1, 2, 3), [(1, 2, 3)], [(-1, 0)], [1.5], Stranger()],
    "pixels": [*NO_NUMBER, None, 1.0, np.ones(2), np.ones((1, 0)), []],
    "share": [*NO_NUMBER, None, -0.5, 1.0, 2.0, [0.1], np.ones(3)],
    "fraction to one": [*NO_SHARE, None],
    "combs": [*NO_OBJECT, None, 1e9, [], [[], []], [TONES], [TONES, TONES], [TONES, -TONES[:2]]],
    "band": [*NO_OBJECT, None, 1e9, [], (1e9,), (2e9, 1e9), (1e9, 1e9), (0, 1e9), (1e9, np.nan)],
    "keys": [
        *(v for v in NO_KEY if not (isinstance(v, jax.Array))),
        KEY,
        jax.random.split(KEY, 3),
        jax.random.split(KEY, 2)[:0],
        [0, 1],
    ],
    "software inputs": [v for v in NO_INPUTS if not _is_scaled(v)],
    "history": ["", "x", "{}", "[]", "null", '{"train_loss": [[1]]}', 3, None, Stranger(), UNEQUAL],
    "directory": ["", "a\0b", 0, None, True, [], Stranger()],
    "flag": ["yes", 1, None, [], Stranger()],
    "folder": ["/nowhere/at/all", "a\0b", 0, True, [1], Stranger()],
    "file": ["/nowhere/at/all", "a\0b", "", 0, True, None, [1], Stranger()],
    "path!": [*NO_PATH, None],
    "seeds": [3, "ab", [], [2.5], [-1], [2**64], ["a"], [True], [None], {}, Stranger(), len],
    "anything": [],
}
# Arguments that may be left out take None.
for kind in (
    "finite",
    "positive",
    "non_negative",
    "number",
    "object",
    "complex",
    "count",
    "function",
    "stride",
):
    REFUSED[f"{kind}?"] = [value for value in REFUSED[kind] if value is not None]

# Values that some arguments of numbers take and others refuse: no number comes out wrong.
POSSIBLE = [
    3,
    -3,
    0,
    0.5,
    np.int64(2),
    np.uint64(2**63),
    1e38,
    -1e38,
    1e-38,
    1e300,
    [],
    [1.0, 2.0],
    (1, 2),
    np.ones(7),
    np.ones((2, 3)),
    np.zeros((0, 3)),
    np.float16(0.5),
    np.ma.array([1.0, 2.0]),
]
NUMBERS = {"finite", "positive", "non_negative", "number", "complex", "fraction", "pixels"}


@dataclasses.dataclass(frozen=True)
class Case:
    """A public callable with arguments that it takes.

    **Arguments:** `name`; `function`, called with keywords; `arguments`: the kind and a valid value
    of each.
    """

    name: str
    function: Callable[..., Any]
    arguments: dict[str, tuple[str, Any]]


def case(name: str, function: Callable[..., Any], /, **arguments: tuple[str, Any]) -> Case:
    return Case(name, function, arguments)


def fitted(model=ENSEMBLE, inputs=INPUTS, labels=LABELS, **options):
    settings = {
        "split": data.FixedSplit(),
        "keys": jax.random.split(KEY, 2),
        "epochs": 1,
        "batch_size": 2,
        "optimiser": optax.sgd(0.1),
    } | options
    return training.fit(model, inputs, labels, **settings)


def written(**options):
    with tempfile.TemporaryDirectory() as folder:
        return plotting.save(**({"drawn": FIGURE, "path": Path(folder) / "f.png"} | options))


def saved_as(format):
    with plotting.saved_as(format):
        return True


def styled(draw):
    return plotting.styled(draw)()


def combs() -> Iterator[Case]:
    for function in (
        frequency_comb.spacing,
        frequency_comb.geometric_comb,
        frequency_comb.linear_comb,
    ):
        yield case(
            f"frequency_comb.{function.__name__}",
            function,
            lowest=("positive", 1e9),
            highest=("positive", 2e9),
            count=("count", 3),
        )
    yield case(
        "frequency_comb.scaled_powers",
        frequency_comb.scaled_powers,
        powers=("non_negative", 1e-5),
        frequencies=("positive", TONES),
    )
    yield case(
        "frequency_comb.common_spacing",
        frequency_comb.common_spacing,
        frequencies=("positive", TONES),
        resolution=("number", 1.0),
    )


def devices() -> Iterator[Case]:
    yield case(
        "Resonator",
        rfjax.Resonator,
        frequency=("positive", 1e9),
        damping=("positive", 0.01),
        nonlinear_shift=("finite", 0.1),
        nonlinear_damping=("non_negative", 1.0),
        rectification=("positive", 6e7),
        drive=("positive", 2e8),
        antisymmetric=("finite", 1.0),
        symmetric=("finite", 0.0),
    )
    yield case("Resonator.detuned", RESONATOR.detuned, detuning=("finite", 0.5))
    yield case(
        "Oscillator",
        rfjax.Oscillator,
        frequency=("positive", 1e9),
        damping=("positive", 0.01),
        nonlinear_shift=("finite", 0.1),
        nonlinear_damping=("non_negative", 1.0),
        spin_torque_efficiency=("positive", 1e12),
    )
    yield case("Resonator.force", RESONATOR.force, power=("non_negative", 1e-5))
    for name in ("steady_power", "steady_frequency", "nonlinearity"):
        yield case(f"Oscillator.{name}", getattr(OSCILLATOR, name), current=("finite", 1e-3))
    yield case(
        "Oscillator.linewidth",
        OSCILLATOR.linewidth,
        current=("finite", 1e-3),
        temperature=("non_negative", 300.0),
        energy=("positive", 1e-18),
    )
    yield case(
        "Oscillator.locking_range",
        OSCILLATOR.locking_range,
        current=("finite", 1e-3),
        force=("non_negative", 1e6),
    )
    yield case(
        "Oscillator.emitted_power",
        OSCILLATOR.emitted_power,
        current=("finite", 1e-3),
        resistance=("positive", 800.0),
        change=("non_negative", 800.0),
        sensitivity=("non_negative", 1.0),
    )


def rectifiers() -> Iterator[Case]:
    yield case("Independent", R.Independent, branch=("word", "lower"))
    yield case("CrossCoupled", R.CrossCoupled, branch=("branch of two", "lower"))
    yield case("Linearised", R.Linearised, peak_powers=("non_negative", POWERS))
    yield case(
        "HarmonicBalance",
        R.HarmonicBalance,
        phases=("finite?", None),
        order=("count", 3),
        tolerance=("small number", 1e-5),
        mixing=("object?", None),
    )
    yield case(
        "Dynamic",
        R.Dynamic,
        phases=("finite?", None),
        settling=("number", 14.0),
        tolerance=("small number", 1e-6),
        window=("number?", None),
        schedule=("object?", None),
    )
    for rectifier in (R.HarmonicBalance, R.Dynamic):
        yield case(
            f"{rectifier.__name__} with phases",
            lambda phases, kind=rectifier: kind(phases)(RESONATOR, POWERS[:1], TONES[:1]),
            phases=("phases", np.zeros(1)),
        )
    for rectifier in (R.HarmonicBalance(order=3), R.Dynamic()):
        yield case(
            f"{type(rectifier).__name__}.scheduled",
            rectifier.scheduled,
            resonators=("object", LINE),
            frequencies=("positive", TONES),
        )
    yield case(
        "Dynamic.scheduled for how much",
        lambda **options: R.Dynamic().scheduled(LINE, TONES, **options).schedule.step,
        widest=("non_negative", 0.1),
        powers=("non_negative", POWERS),
    )
    yield case(
        "spectrum",
        rfjax.spectrum,
        resonators=("object", RESONATOR),
        powers=("non_negative", POWERS),
        frequencies=("positive", TONES),
        rectifier=("object?", None),
    )
    called = R.Linear(), R.Independent(), R.CrossCoupled(), R.Linearised(POWERS)
    for rectifier in called:
        yield case(
            f"{type(rectifier).__name__}.__call__",
            rectifier.__call__,
            resonators=("object", RESONATOR),
            powers=("non_negative", POWERS),
            frequencies=("positive", TONES),
        )


def drives() -> Iterator[Case]:
    yield case(
        "Tones",
        dynamics.Tones,
        force=("finite", 1e6),
        frequency=("positive", 1e9),
        phase=("finite", 0.0),
    )
    yield case(
        "SampledTone",
        dynamics.SampledTone,
        force=("finite", np.ones(4)),
        frequency=("positive", np.full(4, 1e9)),
        phase=("finite", 0.0),
        interval=("number", 1e-9),
    )
    powers = {
        "resonators": ("object", RESONATOR),
        "powers": ("non_negative", POWERS),
        "frequencies": ("positive", TONES),
        "phase": ("finite", 0.0),
    }
    yield case("Tones.of_power", dynamics.Tones.of_power, **powers)
    sampled = dynamics.SampledTone
    yield case("SampledTone.of_power", sampled.of_power, **powers, interval=("number", 1e-9))
    yield case(
        "SampledTone.from_waveform",
        sampled.from_waveform,
        time=("finite", 1e-9 * np.arange(8)),
        volts=("finite", np.sin(np.pi / 2 * np.arange(8))),
        carrier=("number", 2.5e8),
        impedance=("number", 50.0),
        resonators=("object", RESONATOR),
        every=("count", 1),
        tolerance=("share", 0.01),
    )
    yield case(
        "Waveform",
        dynamics.Waveform,
        samples=("finite", np.ones(4)),
        interval=("number", 1e-9),
    )
    yield case("ThermalNoise", dynamics.ThermalNoise, diffusion=("non_negative", 1e5))
    yield case(
        "ThermalNoise.of_linewidth",
        dynamics.ThermalNoise.of_linewidth,
        linewidth=("positive", 1e5),
        power=("positive", 0.3),
        nonlinearity=("finite", 0.0),
    )
    yield case("Coupling", dynamics.Coupling, strength=("complex", np.ones((2, 2))))
    yield case("Feedback", dynamics.Feedback, strength=("complex", 1e6), delay=("number", 1e-8))
    yield case(
        "SparseCoupling",
        dynamics.SparseCoupling,
        strength=("complex", np.ones(2)),
        source=("space", np.array([0, 1])),
        target=("space", np.array([1, 0])),
        oscillators=("count", 2),
    )
    yield case(
        "simulate",
        dynamics.simulate,
        devices=("object", OSCILLATOR),
        duration=("number", 1e-7),
        forces=("forces", ()),
        current=("finite", 5e-4),
        noise=("object?", None),
        key=("object?", None),
        start=("complex?", 0.1),
        saves=("count", 201),
        solver=("object?", None),
        tolerance=("number?", None),
        step=("number?", None),
        reference=("number?", None),
    )
    yield case(
        "simulate with noise",
        lambda **options: dynamics.simulate(OSCILLATOR, 1e-7, current=5e-4, start=0.1, **options),
        noise=("object", dynamics.ThermalNoise(1e5)),
        key=("key", KEY),
    )
    yield case(
        "Trajectory.spectrum",
        TRAJECTORY.spectrum,
        segments=("count", 2),
        discard=("share", 0.1),
    )
    yield case("Trajectory.phase", TRAJECTORY.phase, frequency=("positive?", None))


def wired() -> Iterator[Case]:
    chain = arrays.Chain(rfjax.Resonator(TONES[None]), R.Linear())
    yield case(
        "Chain",
        arrays.Chain,
        resonators=("object", chain.resonators),
        rectifier=("object", R.Linear()),
    )
    yield case(
        "Chain.__call__",
        chain.__call__,
        powers=("non_negative", POWERS),
        frequencies=("positive", TONES),
    )
    yield case(
        "Windows",
        arrays.Windows,
        size=("counts", (2,)),
        stride=("stride", 1),
        padding=("padding", "VALID"),
    )
    for name in ("pads", "outputs", "reads"):
        yield case(f"Windows.{name}", getattr(WINDOWS, name), space=("space", (6,)))
    yield case("Windows.patches", WINDOWS.patches, pixels=("pixels", np.ones((1, 6))))
    for kind in (arrays.SequentialChain, arrays.ParallelCrossbar, arrays.CompactCrossbar):
        yield case(
            kind.__name__,
            kind,
            kernel_shape=("counts", (2, 1, 2)),
            space=("space", (6,)),
            stride=("stride", 1),
            padding=("padding", "VALID"),
        )
    yield case("CompactCrossbar.area", CROSSBAR.area, pitch=("number", 1e-6))
    yield case(
        "CompactCrossbar.volts",
        CROSSBAR.volts,
        kernel=("finite", np.ones((2, 1, 2))),
        powers=("non_negative", np.ones((1, 6))),
    )
    yield case("head_to_tail", arrays.head_to_tail, volts=("anything", np.ones(3)))


def layers() -> Iterator[Case]:
    yield case(
        "Line", rfjax.Line, frequencies=("positive", TONES), peak_powers=("non_negative", POWERS)
    )
    yield case(
        "Line.geometric",
        rfjax.Line.geometric,
        lowest=("positive", 1e9),
        highest=("positive", 2e9),
        count=("count", 3),
        power=("positive", 1e-5),
    )
    for wiring in (arrays.SharedLine(), arrays.OwnTone()):
        array = arrays.ResonatorArray(DETUNING, LINE, LINES[0], R.Linear(), wiring, tolerance=None)
        yield case(
            f"ResonatorArray {type(wiring).__name__}",
            arrays.ResonatorArray,
            detuning=("finite", DETUNING),
            resonators=("object", LINE),
            line=("object", LINES[0]),
            rectifier=("object?", R.Linear()),
            wiring=("object?", wiring),
            gradient=("object?", None),
            tolerance=("number?", None),
        )
        yield case(
            f"ResonatorArray {type(wiring).__name__}.__call__",
            array.__call__,
            powers=("non_negative", POWERS),
            frequencies=("positive?", None),
        )
    tones = rfjax.Line(TONES[:2], 1e-5)
    filters = nn.Convolution(KERNEL, LINE_OF_TWO, tones, R.Linear(), tolerance=None)
    yield case(
        "Convolution",
        nn.Convolution,
        detuning=("finite", KERNEL),
        resonators=("object", LINE_OF_TWO),
        line=("object", tones),
        rectifier=("object?", R.Linear()),
        wiring=("object?", None),
        stride=("stride", 1),
        padding=("padding", "VALID"),
        tolerance=("number?", None),
    )
    yield case("Convolution.__call__", filters.__call__, powers=("non_negative", np.ones((1, 6))))
    yield case(
        "Synapses.at_start",
        nn.Synapses.at_start,
        array=("object", array),
        gain=("positive?", None),
        offset=("finite", 0.0),
    )
    yield case(
        "max_pool",
        nn.max_pool,
        volts=("pixels", np.ones((1, 6))),
        window=("counts", (2,)),
        stride=("stride?", None),
    )
    yield case(
        "OscillatorActivation",
        nn.OscillatorActivation,
        nonlinear_damping=("number", 2.0),
        largest=("number", 4.0),
        nonlinear_shift=("finite", 0.0),
    )
    for name in ("__call__", "frequency"):
        yield case(
            f"OscillatorActivation.{name}",
            getattr(nn.OscillatorActivation(nonlinear_shift=0.1), name),
            supercriticality=("finite", np.ones(3)),
        )
    yield case(
        "own_tone_detuning",
        arrays.own_tone_detuning,
        weight=("finite", DETUNING),
        resonators=("object", LINE),
        line=("object", LINES[0]),
        inverse=("function", rfjax.laws.synaptic_weight.near_detuning),
    )
    yield case(
        "shared_line_detuning",
        arrays.shared_line_detuning,
        weight=("finite", DETUNING),
        resonators=("object", LINE),
        line=("object", LINES[0]),
        share=("fraction to one", 0.5),
        steps=("count", 3),
    )


def networks() -> Iterator[Case]:
    common = {
        "resonators": ("object", RESONATOR),
        "key": ("key", KEY),
        "rectifier": ("object?", R.Linear()),
        "wiring": ("object?", None),
        "activation": ("object?", None),
        "spread": ("non_negative", 0.1),
        "gain": ("positive?", None),
        "tolerance": ("number?", None),
    }
    yield case(
        "mlp",
        nn.mlp,
        outputs=("counts", (2, 2)),
        lines=("objects", LINES),
        gradient=("no gradient", None),
        **common,
    )
    yield case(
        "cnn",
        nn.cnn,
        **{name: ("counts", size) for name, size in SIZES.items()},
        padding=("padding", "VALID"),
        band=("band", (1e9, 10e9)),
        power=("positive", 1e-5),
        dense_wiring=("object?", None),
        **common,
    )
    moved = functools.partial(arrays.with_rectifier, MLP)
    yield case("with_rectifier", moved, rectifier=("object", R.Independent()))
    yield case("twin", nn.twin, network=("object", MLP), key=("key", KEY))
    yield case("Network", nn.Network, layers=("layers", [len]))
    wide = np.concatenate([INPUTS, INPUTS], axis=1)
    for name, model, inputs in (
        ("perceptron", PERCEPTRON, INPUTS),
        ("mlp", MLP, INPUTS),
        ("cnn", CNN, wide),
    ):
        yield case(f"{name}.__call__", model.__call__, inputs=("inputs", inputs))
    for name, model in (("perceptron", SOFTWARE), ("mlp", SOFTWARE_MLP)):
        yield case(f"twin of {name}.__call__", model.__call__, inputs=("software inputs", INPUTS))
    yield case(
        "mapped",
        nn.mapped,
        network=("object", MLP),
        software=("object", SOFTWARE_MLP),
        inverse=("function", rfjax.laws.synaptic_weight.near_detuning),
    )


def trained() -> Iterator[Case]:
    yield case("seed_keys", training.seed_keys, seeds=("seeds", [0, 1]))
    yield case("ensemble", training.ensemble, models=("objects", [PERCEPTRON]))
    yield case("member", training.member, model=("object", ENSEMBLE), index=("index", 0))
    yield case("moved", training.moved, model=("object", ENSEMBLE), other=("object", ENSEMBLE))
    yield case(
        "evaluate",
        training.evaluate,
        model=("object", ENSEMBLE),
        inputs=("rows", INPUTS),
        labels=("labels", LABELS),
    )
    yield case(
        "fit",
        fitted,
        model=("object", ENSEMBLE),
        inputs=("rows", INPUTS),
        labels=("labels", LABELS),
        split=("function", data.FixedSplit()),
        keys=("keys", jax.random.split(KEY, 2)),
        epochs=("count", 1),
        batch_size=("count", 2),
        optimiser=("object", optax.sgd(0.1)),
        at_once=("count?", None),
        checkpoints=("object?", None),
        on_epoch=("function?", None),
    )
    logits = np.ones((8, 2))
    for function in (training.cross_entropy, training.accuracy):
        yield case(
            function.__name__,
            function,
            logits=("finite", logits),
            labels=("labels", LABELS),
        )
    yield case("History.from_json", training.History.from_json, text=("history", HISTORY.to_json()))
    yield case("History.of", training.History.of, epochs=("objects", [HISTORY[0]]))
    yield case(
        "Checkpoints",
        training.Checkpoints,
        directory=("directory", "runs"),
        every=("non_negative", 1.0),
        resume=("flag", False),
    )


def divided() -> Iterator[Case]:
    yield case("FixedSplit", data.FixedSplit, test_fraction=("fraction", 0.25))
    yield case("RedrawnSplit", data.RedrawnSplit, test_fraction=("fraction", 0.25))
    yield case("GivenSplit", data.GivenSplit, train=("count", 3))
    yield case(
        "ValidationSplit",
        data.ValidationSplit,
        split=("object", data.FixedSplit()),
        fraction=("fraction", 0.25),
    )
    for split in (
        data.FixedSplit(),
        data.RedrawnSplit(),
        data.ValidationSplit(data.FixedSplit()),
    ):
        yield case(
            f"{type(split).__name__}.__call__",
            split.__call__,
            key=("key", KEY),
            epoch=("anything", 0),
            rows=("count", 8),
        )
    yield case(
        "GivenSplit.__call__", lambda rows: data.GivenSplit(3)(0, rows, key=KEY), rows=("count", 8)
    )
    yield case("load_mnist", data.load_mnist, directory=("folder", None))
    yield case("read_idx", data.read_idx, path=("file", None), limit=("count", 10))


def drawn() -> Iterator[Case]:
    yield case(
        "plotting.figure",
        plotting.figure,
        rows=("count", 1),
        columns=("count", 1),
        width=("number", 1.0),
        aspect=("number", 0.75),
    )
    yield case("plotting.save", written, drawn=("object", FIGURE), path=("path!", None))
    yield case("plotting.saved_as", saved_as, format=("word", "svg"))
    yield case("plotting.epochs_along", plotting.epochs_along, axes=("object", PANELS[0]))
    yield case("plotting.styled", styled, draw=("function", lambda: 1.0))
    yield case("experiments.load", experiments.load, name=("word", "spin-diode"))


ROOMS = (combs, devices, rectifiers, drives, wired, layers, networks, trained, divided, drawn)


def outcome(function: Callable[[], Any]) -> Any:
    """What a call returns, or what it raises."""
    try:
        return function()
    except BaseException as error:
        return error


def fault(found: Any, *, refused: bool) -> str | None:
    """What is wrong with the outcome of a call, if anything is."""
    if isinstance(found, InvalidInput):
        message = str(found)
        if "\n" in message or len(message) > LONGEST:
            return f"a message of {len(message)} letters: {message[:400]!r}"
        return None
    if isinstance(found, BaseException):
        return f"{type(found).__name__}: {' '.join(str(found).split())[:160]}"
    if not all(np.isfinite(leaf).all() for leaf in numbers(found)):
        return "a result that is not finite"
    return "accepted" if refused else None


def difference(found: Any, expected: Any) -> str | None:
    """How the outcome for a whole number differs from that for the same number as a float."""
    if isinstance(expected, InvalidInput):
        return None if isinstance(found, InvalidInput) else "not refused, as the float is"
    pairs = zip(numbers(found), numbers(expected), strict=True)
    same = not isinstance(found, BaseException) and all(np.array_equal(*pair) for pair in pairs)
    return None if same else f"{found}, not {expected}"


def numbers(found: Any) -> list[np.ndarray]:
    leaves = jax.tree.leaves(eqx.filter(found, eqx.is_inexact_array_like))
    return [np.asarray(leaf) for leaf in leaves]


def shown(value: Any) -> str:
    return " ".join(f"{type(value).__name__} {value!r}".split())[:80]


def tried(each: Case) -> Iterator[tuple[str, str | None]]:
    """All that is tried on a callable, with what was wrong."""
    valid = {name: value for name, (_, value) in each.arguments.items()}

    def called(name: str, value: Any) -> Any:
        return outcome(lambda: each.function(**valid | {name: value}))

    for name, (kind, _) in each.arguments.items():
        bad = [(value, True) for value in REFUSED[kind]]
        if kind.rstrip("?") in NUMBERS:
            bad += [(value, False) for value in POSSIBLE]
        for value, refused in bad:
            yield f"{each.name}({name}={shown(value)})", fault(called(name, value), refused=refused)
        if kind.rstrip("?") in NUMBERS:
            expected = called(name, float(BEYOND_32_BITS))
            for kind_of in (int, np.array, np.uint64):
                value = kind_of(BEYOND_32_BITS)
                wrong = difference(called(name, value), expected)
                yield f"{each.name}({name}={shown(value)})", wrong


def main() -> int:
    only = sys.argv[1:]
    count, faults = 0, 0
    for room in ROOMS:
        if only and room.__name__ not in only:
            continue
        for each in room():
            started = time.monotonic()
            for name, wrong in tried(each):
                count += 1
                if wrong:
                    faults += 1
                    print(f"{name}: {wrong}", flush=True)
            print(f"# {each.name} {time.monotonic() - started:.1f}", file=sys.stderr, flush=True)
    print(f"{count} tried, {faults} faults")
    return faults > 0


if __name__ == "__main__":
    sys.exit(main())
