"""Arrays of devices, layers and networks."""

import functools
from collections.abc import Iterator

import numpy as np

import rfjax
from rfjax import arrays, nn
from rfjax import rectifiers as R
from tests.bad_inputs.case import Case, case
from tests.bad_inputs.objects import (
    CNN,
    CROSSBAR,
    DETUNING,
    INPUTS,
    KERNEL,
    KEY,
    LINE,
    LINE_OF_TWO,
    LINES,
    MLP,
    PERCEPTRON,
    POWERS,
    RESONATOR,
    SIZES,
    SOFTWARE,
    SOFTWARE_MLP,
    TONES,
    WINDOWS,
)


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
        "gradient": ("no gradient", None),
        "spread": ("non_negative", 0.1),
        "gain": ("positive?", None),
        "tolerance": ("number?", None),
    }
    yield case(
        "mlp",
        nn.mlp,
        outputs=("counts", (2, 2)),
        lines=("objects", LINES),
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
