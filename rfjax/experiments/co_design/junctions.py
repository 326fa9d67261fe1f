"""Junctions of one wafer that differ by their diameters: what devices they are.

A free layer with an easy plane is held upright by a field along z. The wider it is, the stronger
its easy plane and the lower its resonance, so that a comb of tones is a row of diameters.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.devices import Junction, Resonator
from rfjax.laws import spin_diode
from rfjax.lines import Line
from rfjax.macrospin import FreeLayer, TunnelResistance, reduction
from rfjax.numerics import chebyshev

MAGNETISATION, THICKNESS, DAMPING = 1e6, 1.5e-9, 0.0045  # A/m, m; CoFeB
ANISOTROPY = 6.5e-4  # J/m², of the interfaces
FIELD = 3e5  # A/m, along z
LINE_FIELD = 1e7  # A/m per A along x: a line 50 nm wide below the junction, 1/(2 × 50 nm)
RESISTANCE_AREA, MAGNETORESISTANCE = 5e-12, 1.0  # Ω·m², and a ratio
NARROWEST, WIDEST = 58e-9, 122e-9  # m, between which `devices` knows the junctions
NODES = 12
STACK = {
    "saturation magnetisation": f"{MAGNETISATION:g} A/m",
    "thickness": f"{THICKNESS:g} m",
    "damping": DAMPING,
    "field along z": f"{FIELD:g} A/m",
    "field of the microwave current": f"{LINE_FIELD:g} A/m per A along x, from a line below",
    "junction": f"{RESISTANCE_AREA:g} Ω·m², magnetoresistance {MAGNETORESISTANCE:g}, read along x",
    "where from": "typical of CoFeB on MgO; not those of one sample",
}


def device(diameters: Float[Array, "*n"], anisotropy: Float[Array, ""]) -> Resonator:
    """The resonators that junctions of some diameters are, by `rfjax.macrospin.reduction`.

    **Arguments:** `diameters` in m; `anisotropy` of the interfaces in J/m².
    """
    layer = FreeLayer(
        MAGNETISATION,
        THICKNESS,
        diameters,
        damping=DAMPING,
        interface_anisotropy=anisotropy,
        oersted=(LINE_FIELD, 0.0, 0.0),
    )
    junction = Junction(RESISTANCE_AREA, layer.area, MAGNETORESISTANCE)
    found = reduction(layer, (0.0, 0.0, 1.0), field=(0.0, 0.0, FIELD))
    return found.resonator(TunnelResistance(junction, (1.0, 0.0, 0.0)))


def devices(diameters: Float[Array, "*n"], anisotropy: Float[Array, ""]) -> Resonator:
    """`device` at many diameters, interpolated between a few.

    Of the fields, relative to themselves, 2e-9 is lost in float64, for diameters from `NARROWEST`
    to `WIDEST`; beyond, all are NaN.

    **Arguments:** those of `device`.
    """
    places, to_series = chebyshev.nodes(NODES)
    middle, reach = (WIDEST + NARROWEST) / 2, (WIDEST - NARROWEST) / 2
    some = device(middle + reach * jnp.asarray(places, diameters.dtype), anisotropy)
    polynomials = chebyshev.stacked((diameters - middle) / reach, NODES)
    inside = (diameters >= NARROWEST) & (diameters <= WIDEST)

    def between(values):
        series = chebyshev.product(jnp.asarray(to_series, values.dtype), values[:, None])
        found = jnp.tensordot(series[:, 0], polynomials, 1, precision=jax.lax.Precision.HIGHEST)
        return jnp.where(inside, found, jnp.nan)

    shape = (NODES,)
    return jax.tree.map(lambda leaf: between(jnp.broadcast_to(leaf, shape)), some)


def diameters_at(frequencies: Float[Array, " tones"]) -> Float[np.ndarray, " tones"]:
    """The diameters of junctions that resonate at some frequencies, m, to 1 pm.

    **Arguments:** `frequencies` in Hz, of junctions that `devices` knows.
    """
    diameters = np.linspace(WIDEST, NARROWEST, 4001)
    resonances = devices(jnp.asarray(diameters), jnp.asarray(ANISOTROPY)).frequency
    return np.interp(np.asarray(frequencies), np.asarray(resonances), diameters)


class Geometry(eqx.Module):
    """What is etched and grown: a diameter for each junction, and one anisotropy of the wafer.

    **Arguments:** `designed` diameters of the junctions of each tone, m, (tones,); `change` of each
    junction's, m, (chains, tones); `anisotropy` of the interfaces, J/m².
    """

    designed: Float[Array, " tones"]
    change: Float[Array, "chains tones"]
    anisotropy: Float[Array, ""]

    @property
    def diameters(self) -> Float[Array, "chains tones"]:
        """The diameters, m."""
        return self.designed + self.change


def detunings(geometry: Geometry, line: Line) -> Float[Array, "chains tones"]:
    """The detunings of junctions from their own tones, in linewidths."""
    found = devices(geometry.diameters, geometry.anisotropy)
    return spin_diode.reduced_detuning(line.frequencies, found.frequency, found.damping)


def at_tones(geometry: Geometry, line: Line) -> Resonator:
    """The junctions as devices at their own tones, as an array takes them."""
    found = devices(geometry.diameters, geometry.anisotropy)
    return eqx.tree_at(lambda device: device.frequency, found, line.frequencies)
