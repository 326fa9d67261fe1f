"""From a stack to a device: the oscillators and resonators that a free layer amounts to."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float

from rfjax.checks import broadcast_shape, instance_of, known, positive, where_valid
from rfjax.compilation import use_persistent_cache
from rfjax.devices import Oscillator, Resonator
from rfjax.macrospin.expansion import counted, expansion, loses_damping, threshold
from rfjax.macrospin.magnetoresistance import AbstractMagnetoresistance
from rfjax.macrospin.planar import AbstractPlanarDevice, PlanarSystem
from rfjax.macrospin.vectors import VectorLike
from rfjax.printing import described


class Reduction(eqx.Module):
    r"""A free layer about its equilibrium at a current, as an auto-oscillator.

    $\dot c=-(G_0+G_1p)\,c-i(\omega_0+\omega_1p)\,c+f\,i(t)$, where $p=|c|^2$ is the area that the
    magnetisation encloses on the sphere over $4\pi$, and over the `scale` that was asked for: an
    action, right to second order. A `Resonator` and an `Oscillator` are made of it.

    **Arguments:** all (*lanes,)

    - `current` $I$, A; `frequency` $\omega_0/2\pi$, Hz.
    - `decay` $G_0$, `growth` $G_1$ and `shift` $\omega_1$, rad/s.
    - `efficiency` $-dG_0/dI$ and `saturation` $dG_1/dI$, rad/(s·A): the current takes away
      $\sigma I(1-\kappa p)$ with $\kappa$ their ratio. Slavin and Tiberkevich have $\kappa=1$,
      which holds on a circular orbit; on an elliptic one along the polariser it is
      $\frac{H_1+H_2}{2\sqrt{H_1H_2}}$: 1.8 of a film in the plane of 0.8 MA/m at 0.1 T.
    - `force` $f$ of a further current $i(t)$, rad/(s·A).
    - `energy` $E_0=dE/dp$ at rest, J, as thermal noise takes it.
    - `magnetisation` at rest, (*lanes, 3), and its `mode`: it moves by $2\,\mathrm{Re}(c\,\text
      {mode})$.
    - `under_current`: whether there is a current.
    """

    current: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "A"})
    frequency: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "Hz"})
    decay: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/s"})
    growth: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/s"})
    shift: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/s"})
    efficiency: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/(s·A)"})
    saturation: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/(s·A)"})
    force: Complex[Array, "*lanes"] = eqx.field(metadata={"unit": "rad/(s·A)"})
    energy: Float[Array, "*lanes"] = eqx.field(metadata={"unit": "J"})
    magnetisation: Float[Array, "*lanes 3"]
    mode: Complex[Array, "*lanes 3"]
    under_current: bool = eqx.field(static=True, default=False)

    __repr__ = described

    @property
    def damping(self) -> Float[Array, "*lanes"]:
        r"""The decay per radian, $G_0/\omega_0$: larger than Gilbert's damping on an ellipse."""
        return self.decay / (2 * jnp.pi * self.frequency)

    @property
    def nonlinear_shift(self) -> Float[Array, "*lanes"]:
        r"""The relative frequency shift per oscillation power, $N=\omega_1/\omega_0$."""
        return self.shift / (2 * jnp.pi * self.frequency)

    @property
    def nonlinear_damping(self) -> Float[Array, "*lanes"]:
        r"""The relative growth of the damping per oscillation power, $Q=G_1/G_0$."""
        return self.growth / self.decay

    def resonator(self, junction: AbstractMagnetoresistance) -> Resonator:
        r"""The spin diode that it is, under this current, which has to be below threshold.

        A microwave current of the amplitude $i$ brings $P=Ri^2/2$ and drives with
        $F=|f|\,i/2$; its product with the resistance, which moves by $2\,\mathrm{Re}(rc)$, has the
        mean $i\,\mathrm{Re}(rc)$. So $\gamma=|f|/\sqrt{2R}$,
        $\beta(\xi_S-i\xi_A)=rf/R$, with $R$ as a microwave current meets it on top of this one: $P$
        is what the junction itself takes up, not what arrives there. What a direct current
        rectifies beside that, as its resistance changes with the power, is left out, and so is the
        response of the other sense of rotation, an offset of about a linewidth over the frequency:
        `rfjax.macrospin.diode_voltage` has both.

        **Arguments:** `junction`: how the resistance follows the magnetisation, (*lanes,).

        **Returns:** resonators, (*lanes,).

        **Raises:** `InvalidInput` beyond the threshold current, where the damping falls with the
        power ($Q<0$), which a `Resonator` does not have, where the junction breaks down, and where
        nothing is rectified.
        """
        what = "a resistance, as Magnetoresistance(500, 1000, reference)"
        instance_of("junction", junction, AbstractMagnetoresistance, what)
        junction.check_read(())
        broadcast_shape(lanes=self.frequency.shape, junction=junction.shape)
        junction.voltage(self.magnetisation, self.current)  # refuses what breaks it down
        resistance = junction.resistance(self.magnetisation, self.current)
        slope = _along(junction, self.magnetisation, self.mode, self.current)
        product = slope * self.force / resistance
        size = jnp.abs(product)
        growth = where_valid(
            self.nonlinear_damping,
            self.nonlinear_damping >= 0,
            "the damping falls with the power, Q < 0, which a Resonator does not have, as in most "
            "films in their plane or with a perpendicular easy axis; Q is N - 1 on a circular "
            "orbit: give a stack whose frequency rises with its power, as an easy plane that a "
            "field along z erects",
        )
        return Resonator(
            self.frequency,
            damping=self.damping,
            nonlinear_shift=self.nonlinear_shift,
            nonlinear_damping=growth,
            rectification=size,
            drive=jnp.abs(self.force) / jnp.sqrt(2 * resistance),
            antisymmetric=-product.imag / size,
            symmetric=product.real / size,
            under_current=self.under_current,
        )

    def oscillator(self) -> Oscillator:
        r"""The auto-oscillator that agrees with it at this current, best the threshold current.

        $\Gamma_+-\Gamma_-=\alpha\omega_0(1+Qp)-\sigma I(1-p)$ has the same damping, its slope in
        the current and its growth with the power: $\alpha\omega_0=G_0+\sigma I$,
        $Q=(G_1-\sigma I)/(\alpha\omega_0)$. At the threshold current, its power and frequency are
        right to first order above threshold, whatever the layer's own dependence on current is.
        What the gain of the layer loses with the power beyond $\sigma I(1-p)$ is in $Q$, and so in
        the damping that thermal noise goes with: at 1.1 thresholds the diffusion of vortices is off
        by about 10 % for it.

        An `Oscillator` has $Q\ge0$. Counted in a larger `scale` $u$ of the reduction, the same
        orbits have $Q=u(Q_1+\kappa)-1$ at threshold, with $Q_1$ and $\kappa$ those at $u=1$: a film
        in its plane has $Q=-0.3$ at one and 0.3 at two.

        **Returns:** oscillators, (*lanes,).

        **Raises:** `InvalidInput` where a positive current adds damping, where a larger scale is
        needed, and where the threshold is a jump, at which the net damping falls with the power.
        """
        efficiency = where_valid(
            self.efficiency,
            self.efficiency > 0,
            "a positive current takes no damping away here; give the layer a torque, or turn the "
            "polariser, or the magnetisation, round",
        )
        whole = self.decay + efficiency * self.current
        at_threshold = self.growth + self.saturation * self.decay / efficiency
        growth = where_valid(
            self.growth,
            at_threshold > 0,
            "the threshold is a jump: what a current leaves of the damping falls with the power, "
            "which an Oscillator does not have; integrate with simulate",
        )
        growth = (growth - efficiency * self.current) / whole
        growth = where_valid(
            growth,
            growth >= 0,
            "Q < 0 as powers are counted; make the oscillator of the reduction at the threshold "
            "current, and give that a larger scale, as 2",
        )
        return Oscillator(
            self.frequency,
            damping=whole / (2 * jnp.pi * self.frequency),
            nonlinear_shift=self.nonlinear_shift,
            nonlinear_damping=growth,
            spin_torque_efficiency=efficiency,
        )


def reduction(
    device: AbstractPlanarDevice,
    start: VectorLike | None = None,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
    current: ArrayLike = 0.0,
    scale: ArrayLike = 1.0,
) -> Reduction:
    r"""The auto-oscillator that a free layer is about its equilibrium at a current.

    Its equation of motion in coordinates that keep areas is expanded to third order by JAX and
    brought to normal form (`rfjax.numerics.normal_form`); nothing is taken as small but the power.
    Derivatives reach every field of the device, the field and the current.

    The gyrovector of a `Vortex` does not depend on where the core is, so that the action that the
    normal form counts in is the area of the orbit: $p=s^2=|\mathbf X|^2/R^2$ of a circle about the
    middle, or $s^2/u$ in another `scale` $u$. Its gain is $\sigma I$ at any power, where
    `rfjax.Oscillator` has $\sigma I(1-p)$: the same above threshold with $Q=u\lambda-1$, where
    $\lambda=\frac{\kappa'}\kappa+\frac{d'}d$ is how fast $d\,\omega/g$ grows with $s^2$. An
    oscillator has $Q\ge0$: ask for a `scale` of $1/\lambda$ or more, 4 for a thin disc, for one.
    Its power is 6 % low at 1.1 thresholds, where the core is half a radius off; do not go beyond.

    **Arguments:**

    - `device`: a `FreeLayer` or a `Vortex`, (*lanes,).
    - `start`: of a `FreeLayer`, the direction that its equilibrium is sought from, (*lanes, 3); see
      `rfjax.macrospin.equilibrium`. A vortex takes none.
    - `field` in A/m, (*lanes, 3); of a vortex, below saturation along z.
    - `current` in A, (*lanes,).
    - `scale` $u$: the action that the power $p=1$ stands for, (*lanes,).

    **Returns:** the reduction, with the mean magnetisation; in compiled programs NaN where nothing
    oscillates.

    **Raises:** `InvalidInput` where a value is not allowed, and where there is no equilibrium that
    is oscillated about; of a vortex, none within half a radius of the middle.
    """
    use_persistent_cache()  # it is compiled for longer than it runs
    system, currents, shape = _checked(device).planar_system(start, field, current)
    found, rests = _expanded(system, currents)
    scale = positive("scale", scale)
    whole = broadcast_shape(lanes=shape, scale=scale.shape)
    # A maximum of the energy is turned about, too, the other way round.
    valid = rests & jnp.isfinite(found.frequency) & (found.energy > 0)
    frequency = where_valid(found.frequency, valid, system.unstable)
    dtype = frequency.dtype

    def lanes(leaf):
        last = leaf.shape[1:]
        leaf = jnp.where(valid.reshape(-1, *(1,) * len(last)), leaf, jnp.nan)
        return jnp.broadcast_to(leaf.reshape(*shape, *last), whole + last)

    found = jax.tree.map(lanes, found._replace(frequency=frequency))
    found = counted(found, jnp.broadcast_to(scale, whole).astype(dtype))
    names = "decay", "growth", "shift", "efficiency", "saturation", "force", "energy", "mode"
    return Reduction(
        current=jnp.broadcast_to(currents.reshape(shape), whole),
        frequency=found.frequency / (2 * jnp.pi),
        **{name: getattr(found, name) for name in names},
        magnetisation=found.observed,
        under_current=not known(current) or bool(np.any(np.asarray(current))),
    )


def threshold_current(
    device: AbstractPlanarDevice,
    start: VectorLike | None = None,
    *,
    field: VectorLike = (0.0, 0.0, 0.0),
) -> Float[Array, "..."]:
    """The current at which the equilibrium of a free layer loses its damping.

    Found by Newton's steps along the equilibrium that the current itself moves, with the Oersted
    field that comes with it, and so not by the damping at rest over its slope; differentiable.

    **Arguments:** those of `reduction`, without a current.

    **Returns:** A, (*lanes,); negative where a negative current takes the damping away; in compiled
    programs NaN where none does.

    **Raises:** `InvalidInput` where a value is not allowed, and where no current does.
    """
    use_persistent_cache()
    system, _, shape = _checked(device).planar_system(start, field, 0.0)
    found, valid = _thresholds(system)
    return where_valid(found, valid, system.undamped).reshape(shape)


def _checked(device: AbstractPlanarDevice) -> AbstractPlanarDevice:
    return instance_of("device", device, AbstractPlanarDevice, "a FreeLayer or a Vortex")


@jax.jit
@jax.vmap
def _expanded(system: PlanarSystem, current: Float[Array, ""]):
    """The expansion of one lane, and whether it is about an equilibrium."""
    return expansion(system, current), system.rests(current, system.equilibrium(current))


@jax.jit
@jax.vmap
def _thresholds(system: PlanarSystem):
    """The threshold of one lane, and whether it is one."""
    current = threshold(system)
    return current, loses_damping(current, system)


def _along(
    junction: AbstractMagnetoresistance, m: Array, mode: Array, current: Array
) -> Complex[Array, "..."]:
    """How the resistance changes along a complex direction, Ω."""

    def resistance(m):
        return junction.resistance(m, current)

    parts = [jax.jvp(resistance, (m,), (part,))[1] for part in (mode.real, mode.imag)]
    return jax.lax.complex(*parts)
