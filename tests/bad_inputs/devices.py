"""Devices, their rectifier models, and what drives them."""

import dataclasses
from collections.abc import Iterator

import numpy as np

import rfjax
from rfjax import dynamics
from rfjax import rectifiers as R
from rfjax.laws import frequency_comb
from tests.bad_inputs.case import Case, case
from tests.bad_inputs.objects import KEY, LINE, OSCILLATOR, POWERS, RESONATOR, TONES, TRAJECTORY


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
    yield case(
        "Junction",
        rfjax.devices.Junction,
        resistance_area=("positive", 8e-12),
        area=("positive", 5e-14),
        magnetoresistance=("non_negative", 1.0),
        half_voltage=("positive?", 0.4),
        breakdown_voltage=("positive?", 1.2),
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
    yield case(
        "Tabulated",
        R.Tabulated,
        voltages=("finite", np.linspace(-1e-5, 1e-5, 12).reshape(2, 6)),
        powers=("positive", np.array([1e-6, 1e-5])),
        frequencies=("positive", np.linspace(0.9, 1.1, 6) * TONES[0]),
        resonance=("positive", TONES[0]),
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
    simulate = case(
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
    # Values that are allowed have tests of their own.
    yield dataclasses.replace(simulate, light=False)
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
