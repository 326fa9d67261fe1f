"""Stacks that tests share, and those of the file of independent numbers."""

import jax.numpy as jnp
import numpy as np

from rfjax.laws.llgs import VACUUM_PERMEABILITY
from rfjax.macrospin import FreeLayer, SpinTorque

IN_PLANE = np.array([1.0, 0.0, 0.0])
NORMAL = np.array([0.0, 0.0, 1.0])


def permalloy(**fields):
    """An elliptic disc of 120 by 80 by 3 nm with a polariser in the plane."""
    torque = SpinTorque([0.6, 0.8, 0.0], 0.5, field_like=0.2)
    given = {"damping": 0.01, "torque": torque, "uniaxial_anisotropy": 1e3}
    sizes = {"magnetisation": 8e5, "thickness": 3e-9, "diameter": 120e-9, "width": 80e-9}
    return FreeLayer(**sizes | given | fields)


def of_reference(llg):
    """All cases of the file as one batch: the layer, its field, its current, and a reader."""

    def read(name):
        return np.array([case[name] for case in llg["cases"]])

    size = read("magnetisation")
    ratio = read("field_like") / read("damping_like")
    layer = FreeLayer(
        size,
        2e-9,
        100e-9,
        damping=read("damping"),
        demagnetising=read("demagnetising"),
        uniaxial_anisotropy=VACUUM_PERMEABILITY / 2 * read("anisotropy_field") * size,
        easy_axis=read("easy_axis"),
        torque=SpinTorque(read("polariser"), 1.0, field_like=ratio),
    )
    current = read("damping_like") / layer.torque_fields(1.0)[0]
    return layer, read("field"), current, read


def upright(scale=None, field=1.0, damping=0.02):
    """A layer of an easy plane, weakened by interfaces, that a tilted field holds upright.

    With the direction that its equilibrium is sought from, and the field.
    """
    a, b, c, d = jnp.ones(4) if scale is None else scale[:4]
    torque = SpinTorque([0.6, 0.0, -0.8], 0.5 * d, asymmetry=0.2, field_like=0.1)
    layer = FreeLayer(
        1e6 * a,
        1.5e-9 * b,
        80e-9,
        60e-9,
        damping=damping * c,
        interface_anisotropy=6.5e-4,
        torque=torque,
    )
    return layer, NORMAL, field * np.array([2e4, 1e4, 3.5e5])
