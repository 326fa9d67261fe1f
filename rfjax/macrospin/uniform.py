"""A uniform magnetisation as a planar system: its equilibrium, and coordinates about it."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import broadcast_shape, finite, instance_of
from rfjax.macrospin.equation_of_motion import EquationOfMotion
from rfjax.macrospin.free_layer import FreeLayer
from rfjax.macrospin.planar import PlanarSystem
from rfjax.macrospin.vectors import VectorLike, direction, vector
from rfjax.numerics.implicit import implicit_root
from rfjax.numerics.sphere import chart_velocity, onto_sphere
from rfjax.numerics.vectors import normalised

_DESCENTS = 60  # steps towards a minimum of the energy, at most
_FARTHEST = 0.25  # of a chart's radius, in one of them
_PARTS, _STEPS = 8, 4  # in which a current is switched on, and Newton's steps in each


class Uniform(PlanarSystem):
    """One uniform layer at a field.

    **Arguments:** `equation`; `unit` of its energy, J; `start`: where its equilibrium is sought.
    """

    equation: EquationOfMotion
    unit: Float[Array, "..."]
    start: Float[Array, "... 3"]

    @property
    def rate(self) -> Float[Array, "..."]:
        """The unit of velocities, rad/s."""
        return self.equation.rate

    @classmethod
    def of(
        cls, layer: FreeLayer, field: VectorLike, current: ArrayLike, start: VectorLike
    ) -> tuple["Uniform", Float[Array, " lanes"], tuple[int, ...]]:
        """Layers at a field and a current, checked, as one axis of systems.

        **Returns:** the systems, the currents, and the shape of the lanes.
        """
        instance_of("layer", layer, FreeLayer, "a FreeLayer")
        field, current = vector("field", field), finite("current", current)
        start = direction("start", start)
        shape = broadcast_shape(
            layer=layer.shape,
            field=field.shape[:-1],
            current=current.shape,
            start=start.shape[:-1],
        )
        equation = EquationOfMotion.of(layer, field)
        dtype = jnp.result_type(*jax.tree.leaves((equation, current)))

        def flat(leaf, *last):
            return jnp.broadcast_to(leaf, shape + last).reshape(-1, *last).astype(dtype)

        system = cls(jax.tree.map(flat, equation), flat(layer.energy_unit), flat(start, 3))
        return system, flat(current), shape

    def equilibrium(self, current: Float[Array, ""]) -> Float[Array, "3"]:
        """The direction in which it rests; see `rfjax.macrospin.equilibrium`."""
        # Derivatives are the implicit ones of its place alone, so that nothing compiles the search.
        found = _rest(*jax.lax.stop_gradient((self, current)))
        return implicit_root(_found, _torque, _divided, (found, self, current))

    def velocity(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Float[Array, "3"]
    ) -> Float[Array, "2"]:
        m = onto_sphere(w, origin)
        return chart_velocity(w, self.equation.velocity(m, current), origin)

    def energy(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Float[Array, "3"]
    ) -> Float[Array, ""]:
        return self.unit * self.equation.energy(onto_sphere(w, origin), current)

    def observed(self, w: Float[Array, "2"], origin: Float[Array, "3"]) -> Float[Array, "3"]:
        return jnp.stack(onto_sphere(w, origin))


def at_rest(system: Uniform, current: Float[Array, ""], m: Float[Array, "3"]) -> Bool[Array, ""]:
    """Whether nothing moves the magnetisation, but for rounding."""
    equation = system.equation
    scale = equation.fastest(current) / equation.rate
    moved = jnp.linalg.norm(_torque(m, m, system, current))
    return moved <= 200 * jnp.finfo(m.dtype).eps * (1 + scale)


def _found(m, system, current):
    return m


def _torque(m: Float[Array, "3"], _, system: Uniform, current: Float[Array, ""]):
    """What vanishes at rest; the length of the vector, too, is an unknown."""
    return jnp.stack(system.equation.velocity(m, current)) + (m @ m - 1) * m


def _divided(m, arguments, right):
    return _solved(jax.jacfwd(_torque)(m, *arguments), right)


def _solved(matrix: Float[Array, "3 3"], right: Float[Array, "3"]) -> Float[Array, "3"]:
    """The solution of three equations, by Cramer's rule: no library that an accelerator lacks."""
    a, b, c = matrix.T
    inverse = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)])
    found = (inverse * right).sum(-1)
    return found / (a * inverse[0]).sum()


def _rest(system: Uniform, current: Float[Array, ""]) -> Float[Array, "3"]:
    """The minimum of the energy next to the start, then the current switched on in parts."""
    m = _minimum(system.equation, system.start)

    def switched(m, share):
        def step(_, m):
            arguments = m, system, share * current
            moved = m - _divided(m, arguments, _torque(m, *arguments))
            return jnp.stack(normalised(moved))

        return jax.lax.fori_loop(0, _STEPS, step, m), None

    shares = jnp.linspace(1 / _PARTS, 1, _PARTS, dtype=current.dtype)
    return jax.lax.scan(switched, m, shares)[0]


def _minimum(equation: EquationOfMotion, start: Float[Array, "3"]) -> Float[Array, "3"]:
    """A minimum of the energy without current, by Newton's steps that only go downwards."""
    origin = jnp.zeros(2, start.dtype)

    def moving(state):
        _, moved, count = state
        return (moved > 10 * jnp.finfo(start.dtype).eps) & (count < _DESCENTS)

    def step(state):
        m, _, count = state

        def energy(w):
            return equation.energy(onto_sphere(w, m))

        slope, curvature = jax.grad(energy)(origin), jax.hessian(energy)(origin)
        w = -_divided_by_size(curvature, slope)
        size = jnp.linalg.norm(w)
        w = w * jnp.minimum(1, _FARTHEST / jnp.maximum(size, jnp.finfo(size.dtype).tiny))
        return jnp.stack(normalised(onto_sphere(w, m))), size, count + 1

    state = start, jnp.asarray(jnp.inf, start.dtype), jnp.asarray(0)
    return jax.lax.while_loop(moving, step, state)[0]


def _divided_by_size(matrix: Float[Array, "2 2"], vector: Float[Array, "2"]) -> Array:
    """A vector divided by a symmetric matrix whose eigenvalues are taken without their signs.

    |M| = (M² + |det M|) / (tr M² + 2|det M|)^(1/2).
    """
    (a, b), (_, d) = matrix
    determinant = jnp.abs(a * d - b * b)
    trace = jnp.sqrt(a * a + 2 * b * b + d * d + 2 * determinant)
    trace = jnp.maximum(trace, jnp.finfo(trace.dtype).tiny)
    first, second = a * a + b * b + determinant, b * b + d * d + determinant
    mixed = b * (a + d)
    least = jnp.finfo(trace.dtype).eps * trace * trace
    whole = jnp.maximum(first * second - mixed * mixed, least * least) / trace
    x, y = vector
    return jnp.stack([second * x - mixed * y, first * y - mixed * x]) / whole
