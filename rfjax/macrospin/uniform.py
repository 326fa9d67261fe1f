"""Uniform magnetisations as a system: their equilibrium, and coordinates about it."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import broadcast_shape, finite, instance_of
from rfjax.macrospin.planar import PlanarSystem
from rfjax.macrospin.stack import AbstractEquation, AbstractStack
from rfjax.macrospin.vectors import VectorLike, vector
from rfjax.numerics.implicit import implicit_root
from rfjax.numerics.linear_systems import solved, solved_by_size
from rfjax.numerics.sphere import chart_velocity, onto_sphere
from rfjax.numerics.vectors import Components, dot, normalised

_DESCENTS = 60  # steps towards a minimum of the energy, at most
_FARTHEST = 0.25  # of a chart's radius, in one of them
_PARTS, _STEPS = 8, 4  # in which a current is switched on, and Newton's steps in each


class Uniform(PlanarSystem):
    """One stack of uniform layers at a field.

    A single layer moves in a plane. Coordinates of coupled layers are (4,): the first ones of both,
    then the second ones.

    **Arguments:** `equation`; `units` of the energies of its layers, J; `start`: where its
    equilibrium is sought, (3, *bodies).
    """

    unstable: ClassVar[str] = (
        "no oscillation is found: the magnetisation is overdamped, not at a minimum of its energy, "
        "or driven away by the current; give another start or a smaller current"
    )
    undamped: ClassVar[str] = (
        "no threshold current is found: no current takes the damping of this layer away; give it a "
        "torque, and a start near a minimum of its energy"
    )

    equation: AbstractEquation
    units: Float[Array, "..."]
    start: Float[Array, "..."]

    @property
    def rate(self) -> Float[Array, "..."]:
        """The unit of velocities, rad/s: that of the first layer."""
        return self.equation.rate.ravel()[0]

    @property
    def zero(self) -> Float[Array, " coordinates"]:
        """The coordinates of the equilibrium."""
        return jnp.zeros(2 * self.units.size, self.units.dtype)

    @classmethod
    def of(
        cls, layer: AbstractStack, field: VectorLike, current: ArrayLike, start: VectorLike
    ) -> tuple["Uniform", Float[Array, " lanes"], tuple[int, ...]]:
        """Stacks at a field and a current, checked, as one axis of systems.

        **Returns:** the systems, the currents, and the shape of the lanes.
        """
        instance_of("layer", layer, AbstractStack, "a FreeLayer or CoupledLayers")
        field, current = vector("field", field), finite("current", current)
        start = layer.directions("start", start)
        shape = broadcast_shape(
            layer=layer.shape,
            field=field.shape[:-1],
            current=current.shape,
            start=layer.lanes(start),
        )
        equation = layer.equation_of_motion(field, len(shape))
        dtype = jnp.result_type(*jax.tree.leaves((equation, current)))

        def flat(leaf, *first):
            return layer.flat(leaf, shape, dtype, *first)

        units = layer.each(lambda each: each.energy_unit, len(shape))
        start = flat(layer.to_front(start, shape), 3)
        system = cls(jax.tree.map(flat, equation), flat(units), start)
        return system, jnp.broadcast_to(current, shape).ravel().astype(dtype), shape

    def equilibrium(self, current: Float[Array, ""]) -> Float[Array, "3 ..."]:
        """The directions in which it rests; see `rfjax.macrospin.equilibrium`."""
        # Derivatives are the implicit ones of its place alone, so that nothing compiles the search.
        found = _rest(*jax.lax.stop_gradient((self, current)))
        return implicit_root(_found, _torque, _divided, (found, self, current))

    def velocity(
        self,
        w: Float[Array, " coordinates"],
        current: Float[Array, ""],
        origin: Float[Array, "3 ..."],
        further: Components = (0.0, 0.0, 0.0),
    ) -> Float[Array, " coordinates"]:
        """How fast they move; `further`: a field beside all others, over each $M_s$."""
        w = w.reshape(2, *self.units.shape)
        moved = self.equation.velocity(onto_sphere(w, origin), current, further)
        rates = self.equation.rate / self.rate
        return (rates * chart_velocity(w, moved, origin)).ravel()

    def energy(
        self,
        w: Float[Array, " coordinates"],
        current: Float[Array, ""],
        origin: Float[Array, "3 ..."],
    ) -> Float[Array, ""]:
        m = onto_sphere(w.reshape(2, *self.units.shape), origin)
        return (self.units * self.equation.energy(m, current)).sum()

    def observed(
        self, w: Float[Array, " coordinates"], origin: Float[Array, "3 ..."]
    ) -> Float[Array, "... 3"]:
        """The directions, (*bodies, 3)."""
        return jnp.stack(onto_sphere(w.reshape(2, *self.units.shape), origin), -1)

    def rests(self, current: Float[Array, ""], origin: Float[Array, "3 ..."]) -> Bool[Array, ""]:
        scale = (self.equation.fastest(current) / self.equation.rate).max()
        moved = jnp.linalg.norm(_torque(origin, origin, self, current).ravel())
        return moved <= 200 * jnp.finfo(origin.dtype).eps * (1 + scale)


def _found(m, system, current):
    return m


def _torque(m: Float[Array, "3 ..."], _, system: Uniform, current: Float[Array, ""]):
    """What vanishes at rest; the length of the vectors, too, is an unknown."""
    return jnp.stack(system.equation.velocity(m, current)) + (dot(m, m) - 1) * m


def _divided(m, arguments, right):
    matrix = jax.jacfwd(_torque)(m, *arguments).reshape(m.size, m.size)
    return solved(matrix, right.ravel()).reshape(m.shape)


def _rest(system: Uniform, current: Float[Array, ""]) -> Float[Array, "3 ..."]:
    """The minimum of the energy next to the start, then the current switched on in parts."""
    m = _minimum(system)

    def switched(m, share):
        def step(_, m):
            arguments = m, system, share * current
            moved = m - _divided(m, arguments, _torque(m, *arguments))
            return jnp.stack(normalised(moved))

        return jax.lax.fori_loop(0, _STEPS, step, m), None

    shares = jnp.linspace(1 / _PARTS, 1, _PARTS, dtype=current.dtype)
    return jax.lax.scan(switched, m, shares)[0]


def _minimum(system: Uniform) -> Float[Array, "3 ..."]:
    """A minimum of the energy without current, by Newton's steps that only go downwards."""
    start, origin = system.start, system.zero
    shares = system.units / system.units.sum()

    def moving(state):
        _, moved, count = state
        return (moved > 10 * jnp.finfo(start.dtype).eps) & (count < _DESCENTS)

    def step(state):
        m, _, count = state

        def placed(w):
            return onto_sphere(w.reshape(2, *shares.shape), m)

        def energy(w):
            return (shares * system.equation.energy(placed(w))).sum()

        slope, curvature = jax.grad(energy)(origin), jax.hessian(energy)(origin)
        w = -solved_by_size(curvature, slope)
        size = jnp.linalg.norm(w)
        w = w * jnp.minimum(1, _FARTHEST / jnp.maximum(size, jnp.finfo(size.dtype).tiny))
        return jnp.stack(normalised(placed(w))), size, count + 1

    state = start, jnp.asarray(jnp.inf, start.dtype), jnp.asarray(0)
    return jax.lax.while_loop(moving, step, state)[0]
