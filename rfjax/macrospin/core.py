"""The core of a vortex as a planar system: it moves in the plane of its disc."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from rfjax.laws import vortex as laws
from rfjax.macrospin.planar import PlanarSystem
from rfjax.numerics.implicit import implicit_root

_STEPS = 12  # of Newton, towards where the core rests
FARTHEST = 0.5  # of the radius, where energies to fourth order end


class Core(PlanarSystem):
    r"""One core at a field, in coordinates $w=\mathbf s-\mathbf s_0$.

    Gyrovectors do not depend on the position, so that $|w|^2$ is an action: the area of
    an orbit over $\pi R^2$.

    **Arguments:** all of one lane: `speed` $\gamma_0M_sL/R$, rad/s; `unit` of energies, J;
    `field` over $M_s$, three components; `saturation` $N_z$; `magnetostatic` $k_2,k_4$;
    `exchange` $e$; `oersted` $j$ and `spin_torque` $a$, both per A; `field_like` over damping-like;
    `polariser`; `damping`; `slenderness` $R/L$ and `core` $b/R$; `polarity` and `chirality`.
    """

    unstable: ClassVar[str] = (
        "the core does not rest within half a radius of the middle, or the field along z saturates "
        "the disc; give a smaller field or current"
    )
    undamped: ClassVar[str] = (
        "no threshold current is found: none takes the damping away; give the torque a polariser "
        "with a component along z"
    )

    speed: Float[Array, "..."]
    unit: Float[Array, "..."]
    field: Float[Array, "... 3"]
    saturation: Float[Array, "..."]
    magnetostatic: tuple[Float[Array, "..."], Float[Array, "..."]]
    exchange: Float[Array, "..."]
    oersted: Float[Array, "..."]
    spin_torque: Float[Array, "..."]
    field_like: Float[Array, "..."]
    polariser: Float[Array, "... 3"]
    damping: Float[Array, "..."]
    slenderness: Float[Array, "..."]
    core: Float[Array, "..."]
    polarity: Float[Array, "..."]
    chirality: Float[Array, "..."]

    @property
    def rate(self) -> Float[Array, "..."]:
        """The unit of velocities, rad/s."""
        return self.speed

    def equilibrium(self, current: Float[Array, ""]) -> Float[Array, "2"]:
        """Where the core rests, in units of the radius: next to the middle."""
        # Derivatives are the implicit ones of its place alone, so that nothing compiles the search.
        found = _rest(*jax.lax.stop_gradient((self, current)))
        return implicit_root(_found, _left, _divided, (found, self, current))

    def velocity(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Float[Array, "2"]
    ) -> Float[Array, "2"]:
        position = origin + w
        tilt = self.tilt(current)
        found = laws.velocity(
            tuple(_force(position, self, current)),
            laws.gyrovector(self.polarity, tilt),
            laws.damping_tensor(tuple(position), self.damping, self.core, self.polarity, tilt),
        )
        return jnp.stack(found)

    def energy(
        self, w: Float[Array, "2"], current: Float[Array, ""], origin: Float[Array, "2"]
    ) -> Float[Array, ""]:
        position = origin + w
        return self.unit * laws.energy(tuple(position), *self.held(current))

    def observed(self, w: Float[Array, "2"], origin: Float[Array, "2"]) -> Float[Array, "3"]:
        """The mean direction of the magnetisation, at the tilt without a current."""
        position = origin + w
        found = laws.magnetisation(tuple(position), self.chirality, self.tilt(0 * self.speed))
        return jnp.stack(found)

    def rests(self, current: Float[Array, ""], origin: Float[Array, "2"]) -> Bool[Array, ""]:
        left = jnp.linalg.norm(_force(origin, self, current))
        at_rest = left <= 200 * jnp.finfo(origin.dtype).eps * (1 + self.slenderness)
        within = jnp.linalg.norm(origin) < FARTHEST
        return within & at_rest & (jnp.abs(self.tilt(current)) < 1)

    def tilt(self, current: Float[Array, ""]) -> Float[Array, ""]:
        """How far the field, and the field-like torque, along z erect the magnetisation."""
        along = self.field_like * self.spin_torque * current * self.polariser[2]
        return (self.field[2] + along) / self.saturation

    def held(self, current: Float[Array, ""]):
        """The stiffness of the potential at a current, and the pull of the field."""
        tilt = self.tilt(current)
        stiffness = laws.stiffness(
            self.magnetostatic, self.exchange, self.oersted * current, self.chirality, tilt
        )
        plane = self.field[0], self.field[1]
        return stiffness, laws.pull(plane, self.slenderness, self.chirality, tilt)


def _force(position: Float[Array, "2"], system: Core, current: Float[Array, ""]):
    place = tuple(position)
    held = laws.force(place, *system.held(current))
    damping_like = system.spin_torque * current
    torque = laws.torque_force(
        place,
        tuple(system.polariser),
        damping_like,
        system.field_like * damping_like,
        (system.slenderness, system.slenderness * system.core),
        system.polarity,
        system.chirality,
        system.tilt(current),
    )
    return jnp.stack(held) + jnp.stack(torque)


def _found(position, system, current):
    return position


def _left(position, _, system: Core, current: Float[Array, ""]):
    return _force(position, system, current)


def _divided(position, arguments, right):
    (a, b), (c, d) = jax.jacfwd(_left)(position, *arguments)
    x, y = right
    return jnp.stack([d * x - b * y, a * y - c * x]) / (a * d - b * c)


def _rest(system: Core, current: Float[Array, ""]) -> Float[Array, "2"]:
    def step(_, position):
        arguments = position, system, current
        return position - _divided(position, arguments, _left(position, *arguments))

    return jax.lax.fori_loop(0, _STEPS, step, jnp.zeros(2, system.speed.dtype))
