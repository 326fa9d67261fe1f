"""Stacks of materials, and what is computed of them."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from rfjax import macrospin
from rfjax.devices import Junction
from tests.bad_inputs.case import Case, case

IN_PLANE = np.array([1.0, 0.0, 0.0])
AGAINST = np.array([[1.0, 0.1, 0.0], [-1.0, 0.1, 0.0]])
TORQUE = macrospin.SpinTorque([0.6, 0.8, 0.0])
LAYER = macrospin.FreeLayer(8e5, 3e-9, 1e-7, 8e-8, uniaxial_anisotropy=1e3, torque=TORQUE)
PAIR = macrospin.CoupledLayers(LAYER, LAYER, bilinear=-1e-4)
FIELD = np.array([2e4, 1e4, 1e5])
RESISTANCE = macrospin.Magnetoresistance(500.0, 1000.0, [0.0, 1.0, 0.0])
JUNCTION = Junction(8e-12, 5e-14, 1.0)

RESTING = {
    "layer": ("object", LAYER),
    "start": ("direction", IN_PLANE),
    "field": ("vector", FIELD),
    "current": ("finite", 1e-5),
}
SPECTRUM = {name: RESTING[name] for name in ("layer", "start")}
VORTEX = {"field": ("vector", np.zeros(3)), "current": ("finite", 1e-4)}


def materials() -> Iterator[Case]:
    yield case(
        "SpinTorque",
        macrospin.SpinTorque,
        polariser=("direction", IN_PLANE),
        polarisation=("non_negative", 0.5),
        asymmetry=("asymmetry", 0.2),
        field_like=("finite", 0.1),
    )
    yield case(
        "MutualTorque",
        macrospin.MutualTorque,
        polarisation=("non_negative", 0.5),
        returned=("non_negative?", 0.4),
        asymmetry=("asymmetry", 0.2),
        field_like=("finite", 0.1),
    )
    yield case(
        "FreeLayer",
        macrospin.FreeLayer,
        magnetisation=("positive", 8e5),
        thickness=("positive", 3e-9),
        diameter=("positive", 1e-7),
        width=("positive?", 8e-8),
        damping=("positive", 0.01),
        uniaxial_anisotropy=("finite", 1e3),
        easy_axis=("direction", IN_PLANE),
        interface_anisotropy=("finite", 1e-4),
        torque=("object?", TORQUE),
        oersted=("vector", [0.0, 1e6, 0.0]),
        demagnetising=("vector?", [0.1, 0.1, 0.8]),
        gyromagnetic_ratio=("positive", 2.2e5),
    )
    yield case(
        "CoupledLayers",
        macrospin.CoupledLayers,
        free=("object", LAYER),
        reference=("object", LAYER),
        bilinear=("finite", -1e-4),
        biquadratic=("finite", 1e-5),
        spacer=("positive?", 1e-9),
        torque=("object?", macrospin.MutualTorque()),
    )
    yield case(
        "Microwave",
        macrospin.Microwave,
        amplitude=("non_negative", 1e-5),
        frequency=("positive", 5e9),
        phase=("finite", 0.1),
    )
    for name in ("Magnetoresistance", "MutualResistance"):
        reference = {"reference": ("direction", IN_PLANE)} if name == "Magnetoresistance" else {}
        yield case(
            name,
            getattr(macrospin, name),
            parallel=("positive", 500.0),
            antiparallel=("positive", 1000.0),
            **reference,
        )
    yield case(
        "TunnelResistance",
        macrospin.TunnelResistance,
        junction=("object", JUNCTION),
        reference=("direction", IN_PLANE),
    )
    yield case(
        "Vortex",
        macrospin.Vortex,
        magnetisation=("positive", 8e5),
        thickness=("positive", 1e-8),
        diameter=("positive", 3e-7),
        exchange=("positive", 1.3e-11),
        damping=("positive", 0.01),
        polarity=("sign", -1.0),
        chirality=("sign", 1.0),
        torque=("object?", TORQUE),
    )


def stacks() -> Iterator[Case]:
    """What computes; values that are allowed have tests of their own."""
    for each in _computing():
        yield dataclasses.replace(each, light=False)


def _computing() -> Iterator[Case]:
    yield case("FreeLayer.energy", LAYER.energy, m=("direction", IN_PLANE), field=("vector", FIELD))
    yield case("equilibrium", macrospin.equilibrium, **RESTING)
    yield case(
        "resonance of a pair",
        lambda start, current: macrospin.resonance(PAIR, start, current=current),
        start=("pair", AGAINST),
        current=("finite", 1e-5),
    )
    yield case(
        "reduction",
        lambda device: macrospin.reduction(device, IN_PLANE, field=FIELD),
        device=("object", LAYER),
    )
    yield case(
        "simulate",
        lambda **options: macrospin.simulate(**options).magnetisation,
        **RESTING,
        duration=("number", 1e-11),
        microwave=("object?", macrospin.Microwave(1e-5, 5e9)),
        saves=("saves", 3),
        step=("number?", 1e-12),
        solver=("object?", None),
    )
    yield case(
        "diode_voltage",
        macrospin.diode_voltage,
        **SPECTRUM,
        junction=("object", RESISTANCE),
        amplitude=("non_negative", 1e-6),
        frequencies=("positive", [4e9, 5e9]),
    )
    yield case(
        "pimm",
        macrospin.pimm,
        **SPECTRUM,
        step=("vector", [0.0, 10.0, 0.0]),
        pickup=("direction", [0.0, 1.0, 0.0]),
        frequencies=("positive", [4e9, 5e9]),
    )
    disc = macrospin.Vortex(8e5, 1e-8, 3e-7)
    yield case("reduction of a vortex", macrospin.reduction, device=("object", disc), **VORTEX)
