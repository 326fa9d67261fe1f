"""A planar system expanded about its equilibrium: what a device of rfjax is made of."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

from rfjax.macrospin.planar import PlanarSystem
from rfjax.numerics.forward import carried_forward
from rfjax.numerics.implicit import implicit_root
from rfjax.numerics.normal_form import focus, normal_form

_STEPS = 8  # of Newton, towards the threshold


class Expansion(NamedTuple):
    r"""$\dot c=-(G_0+G_1|c|^2)\,c-i(\omega_0+\omega_1|c|^2)\,c+f\,i(t)$ of one system at a current.

    **Arguments:** `decay` $G_0$, `growth` $G_1$, `frequency` $\omega_0$ and `shift` $\omega_1$, all
    in rad/s; `efficiency` $-dG_0/dI$ and `saturation` $dG_1/dI$, along with the equilibrium,
    rad/(s·A); `force` $f$ of a current on top of it, rad/(s·A); `energy` $dE/dp$ at rest, J;
    `observed` at the equilibrium and its `mode`: it moves by $2\,\mathrm{Re}(c\cdot\text{mode})$.
    """

    decay: Float[Array, ""]
    growth: Float[Array, ""]
    frequency: Float[Array, ""]
    shift: Float[Array, ""]
    efficiency: Float[Array, ""]
    saturation: Float[Array, ""]
    force: Complex[Array, ""]
    energy: Float[Array, ""]
    observed: Float[Array, " components"]
    mode: Complex[Array, " components"]


@carried_forward
def expansion(system: PlanarSystem, current: Float[Array, ""]) -> Expansion:
    """The expansion of a system about its equilibrium at a current in A; see `Expansion`."""
    zero, one = jnp.zeros(2, current.dtype), jnp.ones_like(current)

    def rates(current):
        origin = system.equilibrium(current)
        found = normal_form(lambda w: system.velocity(w, current, origin), zero)
        return (-found.focus.eigenvalue.real, -found.cubic.real), (found, origin)

    (decay, growth), (steeper, saturation), (found, origin) = jax.jvp(
        rates, (current,), (one,), has_aux=True
    )
    q, p = found.focus.mode, found.focus.adjoint
    pushed = jax.jacfwd(lambda current: system.velocity(zero, current, origin))(current)
    curvature = jax.hessian(lambda w: system.energy(w, current, origin))(zero)
    rate = system.rate
    return Expansion(
        decay=rate * decay,
        growth=rate * growth,
        frequency=rate * -found.focus.eigenvalue.imag,
        shift=rate * -found.cubic.imag,
        efficiency=rate * -steeper,
        saturation=rate * saturation,
        force=rate * (p * pushed).sum(),
        energy=(q.conj() * (curvature * q).sum(-1)).sum().real,
        observed=system.observed(zero, origin),
        mode=(jax.jacfwd(lambda w: system.observed(w, origin))(zero) * q).sum(-1),
    )


def counted(found: Expansion, scale: Float[Array, "*lanes"]) -> Expansion:
    r"""Expansions whose powers are counted in another unit, $p/u$ in place of $p$.

    **Arguments:** `found`, (*lanes,); `scale` $u$.
    """
    root = jnp.sqrt(scale)
    return found._replace(
        growth=scale * found.growth,
        shift=scale * found.shift,
        saturation=scale * found.saturation,
        force=found.force / root,
        energy=scale * found.energy,
        mode=root[..., None] * found.mode,
    )


def threshold(system: PlanarSystem) -> Float[Array, ""]:
    """The current at which the equilibrium of a system loses its damping, A, of either sign.

    NaN or meaningless where there is none; `loses_damping` tells.
    """
    return implicit_root(_threshold, net_decay, _divided, (system,))


def loses_damping(current: Float[Array, ""], system: PlanarSystem) -> Bool[Array, ""]:
    """Whether a damped system rests, oscillates and has no damping left at a current."""
    tolerance = jnp.sqrt(jnp.finfo(current.dtype).eps)
    at_rest, there = (_eigenvalue(each, system) for each in (0 * current, current))
    left = jnp.abs(there.real) <= tolerance * jnp.abs(at_rest.real)
    # Where a current undoes the stiffness nothing oscillates that could lose its damping.
    oscillates = -there.imag > tolerance * jnp.abs(at_rest.imag)
    damped = at_rest.real < 0
    return damped & left & oscillates & system.rests(current, system.equilibrium(current))


def net_decay(current: Float[Array, ""], system: PlanarSystem) -> Float[Array, ""]:
    """The decay rate of small oscillations at a current, in units of the system's rate."""
    return -_eigenvalue(current, system).real


def _eigenvalue(current: Float[Array, ""], system: PlanarSystem) -> Complex[Array, ""]:
    origin = system.equilibrium(current)
    zero = jnp.zeros(2, current.dtype)
    return focus(jax.jacfwd(system.velocity)(zero, current, origin)).eigenvalue


def _threshold(system: PlanarSystem) -> Float[Array, ""]:
    def step(_, current):
        one = jnp.ones_like(current)
        decay, slope = jax.jvp(lambda at: net_decay(at, system), (current,), (one,))
        return current - decay / slope

    return jax.lax.fori_loop(0, _STEPS, step, jnp.zeros((), system.rate.dtype))


def _divided(current, arguments, right):
    return right / jax.jacfwd(net_decay)(current, *arguments)
