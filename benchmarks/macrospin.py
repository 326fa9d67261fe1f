"""How long does a free layer take to integrate, and its spectrum by response theory?"""

import importlib.util
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.row import Row
from benchmarks.timing import in_fresh_process, median_seconds
from rfjax.laws.llgs import GYROMAGNETIC_RATIO
from rfjax.macrospin import (
    FreeLayer,
    Magnetoresistance,
    SpinTorque,
    diode_voltage,
    simulate,
)
from rfjax.numerics.vectors import stacked

LANES, STEP = 1024, 1e-12
FIELD, START = np.array([2e4, 1e4, 3.5e5], np.float32), np.array([0.2, 0.1, 1.0], np.float32)
FREQUENCIES = np.linspace(4e9, 6e9, 201).astype(np.float32)
PER_FREQUENCY = 60e-9  # s of integration for one point of a spectrum


def rows(quick: bool) -> Iterator[Row]:
    """60 ns at 1 ps a step, and a spectrum of 201 tones, for 1,024 layers in float32."""
    duration = 6e-9 if quick else 60e-9
    case = f"{LANES} free layers, {duration * 1e9:.0f} ns, 1 ps a step"
    what = "forward, a trajectory"
    ours = in_fresh_process(simulated_seconds, duration) / LANES
    theirs = in_fresh_process(scan_seconds, duration) / LANES
    yield Row(case, what, ours, theirs, "s", "a scan by hand, the same scheme")
    if importlib.util.find_spec("cmtj") is None:
        yield Row(case, what, ours, None, "s", "cmtj not installed")
    else:
        yield Row(
            case,
            what,
            ours,
            in_fresh_process(cmtj_seconds, duration),
            "s",
            "cmtj, one by one, no torques",
        )
    spectrum = in_fresh_process(spectrum_seconds) / LANES
    integrated = ours * PER_FREQUENCY / duration * len(FREQUENCIES)
    case = f"{LANES} free layers, 201 tones"
    yield Row(case, "a spectrum", spectrum, integrated, "s", "rfjax integrating 60 ns a tone")


def layers() -> FreeLayer:
    """Layers of many anisotropies."""
    interface = np.linspace(6.2e-4, 6.8e-4, LANES).astype(np.float32)
    return FreeLayer(
        1e6,
        1.5e-9,
        80e-9,
        60e-9,
        damping=0.02,
        interface_anisotropy=interface,
        torque=SpinTorque(np.array([0.6, 0.0, -0.8], np.float32), 0.5, field_like=0.1),
    )


def simulated_seconds(duration: float) -> float:
    """`simulate`."""
    layer, current = layers(), np.float32(5e-5)
    return median_seconds(
        lambda: (
            simulate(
                layer, START, duration, field=FIELD, current=current, step=STEP, saves=2
            ).magnetisation
        ),
        2.0,
    )


def spectrum_seconds() -> float:
    """`diode_voltage`."""
    layer = layers()
    junction = Magnetoresistance(500.0, 1000.0, np.array([0.6, 0.0, -0.8], np.float32))
    return median_seconds(
        lambda: diode_voltage(layer, START, junction, 1e-6, FREQUENCIES, field=FIELD), 2.0
    )


def scan_seconds(duration: float) -> float:
    """What one writes in a few lines of JAX: vectors of three, the same scheme."""
    layer, count = layers(), round(duration / STEP)
    factors = stacked(layer.reduced_factors)
    pull, push = (each / layer.magnetisation for each in layer.torque_fields(5e-5))
    polariser, damping = jnp.array([0.6, 0.0, -0.8]), layer.damping
    length = jnp.float32(GYROMAGNETIC_RATIO * 1e6 * STEP)
    field = FIELD / layer.magnetisation

    def velocity(m):
        about = jnp.cross(m, polariser)
        h = field - factors * m + push * polariser + pull * about
        turned = jnp.cross(m, h)
        return -(turned + damping * jnp.cross(m, turned)) / (1 + damping**2)

    def step(m, _):
        first = velocity(m)
        second = velocity(m + length / 2 * first)
        third = velocity(m + length / 2 * second)
        fourth = velocity(m + length * third)
        m = m + length / 6 * (first + 2 * second + 2 * third + fourth)
        return m / jnp.linalg.norm(m, axis=-1, keepdims=True), None

    start = jnp.broadcast_to(START / np.linalg.norm(START), (LANES, 3))
    program = jax.jit(lambda m: jax.lax.scan(step, m, None, length=count)[0])
    return median_seconds(lambda: program(start), 2.0)


def cmtj_seconds(duration: float) -> float:
    """One layer of cmtj, which integrates one after the other; here without its torques."""
    import cmtj  # pyright: ignore[reportMissingImports]

    factors = [float(jnp.ravel(each)[0]) for each in layers().reduced_factors]
    layer = cmtj.Layer(
        "free",
        cmtj.CVector(0.197, 0.0985, 0.975),
        cmtj.CVector(0, 0, 1),
        1.2566,  # T
        1.5e-9,
        3.8e-15,
        [cmtj.CVector(factors[0], 0, 0), cmtj.CVector(0, factors[1], 0)]
        + [cmtj.CVector(0, 0, factors[2])],
        0.02,
    )
    junction = cmtj.Junction([layer])
    driver = cmtj.AxialDriver(*(cmtj.constantDriver(float(each)) for each in FIELD))
    junction.setLayerExternalFieldDriver("free", driver)

    def run():
        junction.clearLog()
        junction.runSimulation(duration, STEP, duration / 10)
        return 0.0

    return median_seconds(run, 2.0)
