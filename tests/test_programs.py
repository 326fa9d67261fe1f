"""What compiled programs are made of: they run on accelerators, in float32, to their tolerance."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Oscillator, Resonator, spectrum
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
from rfjax.macrospin import SpinTorque, Vortex, reduction
from rfjax.rectifiers import (
    CrossCoupled,
    Dynamic,
    HarmonicBalance,
    Independent,
    Linear,
    Tabulated,
)

# More tones than are added one by one.
TONES = np.linspace(2.9e8, 3.1e8, 11).astype(np.float32)
POINT = np.ones(8, np.float32)
LINE = Resonator(TONES)
STEP = 1e-10
WIDE = ("float64", "int64", "uint64", "complex128")


def resonators(x):
    fields = 0.01 * x[1], 0.1 * x[2], x[3], 6e7 * x[4], 2e8 * x[5]
    return Resonator(TONES * x[0], *fields, antisymmetric=x[6], symmetric=x[7])


def rectified(model):
    """The voltages that a model gives, of all fields of devices and of the powers."""
    return lambda x: model(resonators(x), 1e-5 * x[:2, None] * jnp.ones(11), TONES).sum()


def simulated(forces=lambda x: (), **settings):
    """The powers of oscillators, of their fields and of what acts on them."""

    def function(x):
        device = Oscillator(3e8 * x[0] * np.ones(3), 0.01 * x[1], 0.1 * x[2], x[3], 3e10)
        given = {name: value(x) if callable(value) else value for name, value in settings.items()}
        found = simulate(
            device, 8 * STEP, forces(x), step=STEP, reference=3e8, saves=3, start=0.1, **given
        )
        return found.power.sum() + found.real.sum()

    return function


def gyration(x):
    """The frequency and the shift of a vortex under a current, of its sizes."""
    torque = SpinTorque([0.6, 0, -0.8], 0.3 * x[4], field_like=0.4)
    disc = Vortex(8e5 * x[0], 8e-9 * x[1], 3e-7, damping=0.01 * x[2], torque=torque)
    found = reduction(disc, field=[1e3, 0, 2e5], current=1e-4 * x[3])
    return found.frequency / 1e8 + found.nonlinear_shift


def tabulated(x):
    """The voltages of a table, which is single as all that programs are given."""
    table = Tabulated(np.outer(np.arange(1, 4), np.sin(TONES)), np.arange(1, 4), TONES, 3e8)
    return rectified(table)(x)


# By name, a function of a vector of order one.
PROGRAMS = {
    "linear": rectified(Linear()),
    "independent": rectified(Independent()),
    "independent, from rest": rectified(Independent("rest")),
    "cross-coupled": rectified(CrossCoupled()),
    "cross-coupled, from rest": rectified(CrossCoupled("rest")),
    "harmonic balance": rectified(HarmonicBalance(order=3).scheduled(LINE, TONES)),
    "dynamic": rectified(Dynamic().scheduled(LINE, TONES, 1.0)),
    "dynamic, window": rectified(Dynamic(window=2e-5).scheduled(LINE, TONES, 1.0)),
    "tabulated": tabulated,
    "spectrum": lambda x: spectrum(resonators(x), 1e-5 * x[:2], TONES).sum(),
    "vortex": gyration,
    "current": simulated(current=lambda x: 1e-3 * x[4]),
    "waveform": simulated(current=lambda x: Waveform(1e-3 * x, STEP)),
    "tones": simulated(lambda x: Tones(1e7 * x[4] * np.ones(11), TONES)),
    "tones of each lane": simulated(lambda x: Tones(1e7 * x[4], TONES[:9].reshape(3, 3))),
    "sampled tone": simulated(lambda x: SampledTone(1e7 * x, 3e8 * x, interval=STEP)),
    "coupling": simulated(lambda x: Coupling(1e6 * x[4] * np.ones((3, 3)))),
    "sparse coupling": simulated(
        lambda x: SparseCoupling(1e6 * x[4] * np.ones(2), np.arange(2), np.arange(1, 3), 3)
    ),
    "feedback": simulated(lambda x: Feedback(1e6 * x[4], delay=2 * STEP)),
    "noise": simulated(noise=lambda x: ThermalNoise(1e-3 * x[4]), key=lambda _: jax.random.key(0)),
}


def operations(jaxpr):
    """All operations of a program, those of loops and branches within it included."""
    for operation in jaxpr.eqns:
        yield operation
        for value in jax.tree.leaves(list(operation.params.values())):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from operations(inner)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_gradient_are_exported_for_accelerators(name):
    with jax.enable_x64(False):
        program = jax.jit(jax.value_and_grad(PROGRAMS[name]))
        found = list(operations(program.trace(POINT).jaxpr.jaxpr))
        exported = jax.export.export(program, platforms=("cuda", "tpu"))(POINT)
    for operation in found:
        kind = operation.primitive.name
        assert "callback" not in kind
        for value in (*operation.invars, *operation.outvars):
            assert str(getattr(value.aval, "dtype", None)) not in WIDE, operation
        if kind in ("dot_general", "conv_general_dilated"):
            assert set(operation.params["precision"]) == {jax.lax.Precision.HIGHEST}, operation
    assert exported.platforms == ("cuda", "tpu")
    assert not re.search(r"custom_call.*callback", exported.mlir_module())
