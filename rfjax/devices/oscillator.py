"""The spin-torque nano-oscillator: a neuron."""

from functools import partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    finite_if_known,
    known,
    non_negative,
    positive,
    share,
)
from rfjax.laws import auto_oscillator, injection_locking, magnetoresistance, thermal_noise
from rfjax.printing import described


class Oscillator(eqx.Module):
    r"""Spin-torque nano-oscillators: a DC current in, a microwave tone out.

    Every field may be a number or an array; they broadcast to the shape of the oscillators.

    **Arguments:**

    - `frequency`: frequency at threshold $f_0$, Hz.
    - `damping`: Gilbert damping $\alpha$, above zero.
    - `nonlinear_shift`: relative frequency shift $N$ per oscillation power, of either sign (3.6).
      It is of first order: the frequency has to stay above zero, $1+Np>0$.
    - `nonlinear_damping`: relative growth $Q\ge0$ of the damping per oscillation power (3.7).
    - `spin_torque_efficiency`: $\sigma$, rad·s⁻¹·A⁻¹ (3.8).

    The defaults are $\alpha=0.01$ and $N=0.1$, as of a `Resonator` (5.4), and $Q=2$ (6.1.4.1). No
    $\sigma$ is printed: the default of $5\cdot10^9$ gives a junction of 200 MHz a threshold of 2.5
    mA, within the several mA of section 3.7.

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    frequency: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "frequency"), metadata={"unit": "Hz"}
    )
    damping: Float[Array, "..."] = eqx.field(converter=partial(positive, "damping"), default=0.01)
    nonlinear_shift: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "nonlinear_shift"), default=0.1
    )
    nonlinear_damping: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "nonlinear_damping"), default=2.0
    )
    spin_torque_efficiency: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "spin_torque_efficiency"),
        default=5e9,
        metadata={"unit": "rad/(s·A)"},
    )

    __repr__ = described

    def __check_init__(self):
        broadcast_shape(**{name: value.shape for name, value in vars(self).items()})

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        return broadcast_shape(**{name: value.shape for name, value in vars(self).items()})

    @property
    def threshold_current(self) -> Float[Array, "..."]:
        r"""The current at which oscillation sets in, $I_{th}=\alpha\omega_0/\sigma$ (3.10), A."""
        return auto_oscillator.threshold_current(
            self.frequency, self.damping, self.spin_torque_efficiency
        )

    def steady_power(self, current: ArrayLike) -> Float[Array, "..."]:
        """The free-running oscillation power (3.11): zero up to the threshold current.

        **Arguments:** `current` in A, of a shape that broadcasts with the oscillators.

        **Returns:** $p$, without unit.

        **Raises:** `InvalidInput` for a current that is not finite.
        """
        current = self._checked(current)
        thresholds = current / self.threshold_current
        supercriticality = finite_if_known("current over threshold_current", thresholds)
        return auto_oscillator.steady_power(supercriticality, self.nonlinear_damping)

    def steady_frequency(self, current: ArrayLike) -> Float[Array, "..."]:
        """The free-running frequency (3.6 at the power of 3.11).

        **Arguments:** `current` in A, of a shape that broadcasts with the oscillators.

        **Returns:** Hz.

        **Raises:** `InvalidInput` for a current that is not finite, and where the frequency is not
        above zero: (3.6) is of first order in the power and means nothing from $p=-1/N$ on.
        """
        power = self.steady_power(current)
        ends = auto_oscillator.power_without_frequency(self.nonlinear_shift)
        # The shift is of first order in the power: it ends where the frequency reaches zero.
        positive("frequency at this current over that at rest, 1 + N p,", 1 - power / ends)
        omega = auto_oscillator.angular_frequency(power, self.frequency, self.nonlinear_shift)
        return omega / (2 * jnp.pi)

    def emitted_power(
        self,
        current: ArrayLike,
        resistance: ArrayLike,
        change: ArrayLike,
        sensitivity: ArrayLike = 1.0,
    ) -> Float[Array, "..."]:
        r"""The microwave power that the oscillating junction gives to a matched load.

        $\frac{(I\,\Delta R\,\beta_s)^2p}{8R}$ (B.11, which prints it without the eighth); see
        `rfjax.laws.magnetoresistance.emitted_power`.

        **Arguments:** `current` $I$ in A; `resistance` $R$ of the junction and of its load, Ω;
        `change` $\Delta R$ from the parallel to the antiparallel state, Ω; `sensitivity`
        $\beta_s$ from 0 to 1: the resistance swings by $\pm\Delta R\,\beta_s\sqrt p$ (A.7), so that
        1/2 is a full swing from one state to the other at $p=1$; the thesis takes 1 (B1). All
        broadcast with the oscillators.

        **Returns:** W; zero up to the threshold current.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        junction = {
            "resistance": positive("resistance", resistance),
            "change": non_negative("change", change),
            "sensitivity": share(
                "sensitivity", sensitivity, "where 1/2 swings from one state to the other"
            ),
        }
        current = self._checked(current)
        shapes = {name: value.shape for name, value in junction.items()}
        broadcast_shape(oscillators=self.shape, current=current.shape, **shapes)
        power = self.steady_power(current)
        load = junction.pop("resistance")
        found = magnetoresistance.emitted_power(power, current, load=load, **junction)
        return finite_if_known("the emitted power of this junction", found)

    def nonlinearity(self, current: ArrayLike) -> Float[Array, "..."]:
        r"""The nonlinear frequency shift over the effective damping, $\nu$.

        It describes an oscillation above threshold, and widens its line by $1+\nu^2$ and its
        locking range by $\sqrt{1+\nu^2}$; see
        `rfjax.laws.injection_locking.nonlinearity`.

        **Arguments:** `current` in A, of a shape that broadcasts with the oscillators.

        **Returns:** $\nu$, without unit; in compiled programs NaN up to the threshold current.

        **Raises:** `InvalidInput` for a current that is not finite, and for one up to the
        threshold, where nothing oscillates freely.
        """
        power = self._free_power(current)
        found = injection_locking.nonlinearity(
            self.spin_torque_efficiency * self._checked(current),
            self.frequency,
            self.damping,
            self.nonlinear_shift,
            self.nonlinear_damping,
        )
        found = jnp.where(power > 0, found, jnp.nan)
        return finite_if_known("the nonlinearity at this current", found)

    def linewidth(
        self, current: ArrayLike, temperature: ArrayLike, energy: ArrayLike
    ) -> Float[Array, "..."]:
        r"""The full width at half maximum of the line in thermal noise.

        $\frac{D(p)}{2\pi p}(1+\nu^2)$ with $D(p)=\Gamma_+(p)\,k_BT/(dE/dp)$.

        That of weak noise, well above threshold; see
        `rfjax.laws.thermal_noise.linewidth_above_threshold`.

        **Arguments:** `current` in A; `temperature` in K; `energy` $E_0$ of the device at $p=1$,
        without a nonlinear shift, J. All broadcast with the oscillators.

        **Returns:** Hz; in compiled programs NaN up to the threshold current.

        **Raises:** `InvalidInput` where a value is not allowed, and for a current up to the
        threshold, where nothing oscillates freely.
        """
        noise = thermal_noise.equilibrium_power(
            non_negative("temperature", temperature), positive("energy", energy)
        )
        broadcast_shape(
            oscillators=self.shape, current=self._checked(current).shape, noise=noise.shape
        )
        power = self._free_power(current)
        width = auto_oscillator.linewidth(self.frequency, self.damping)
        strength = thermal_noise.diffusion(
            noise, width, power, self.nonlinear_damping, self.nonlinear_shift
        )
        width = thermal_noise.linewidth_above_threshold(strength, power, self.nonlinearity(current))
        return finite_if_known("the linewidth at this temperature and energy", width)

    def locking_range(self, current: ArrayLike, force: ArrayLike) -> Float[Array, "..."]:
        r"""How far a tone may be from the free-running frequency and still lock the oscillator.

        $\frac{F}{2\pi\sqrt p}\sqrt{1+\nu^2}$ to either side (3.13, with $\nu$), to first order in
        the force. At $F/\sqrt p=0.2\,\Gamma_0$, $\nu=1.25$, $Q=2$ and twice the threshold current
        the edge below the free-running frequency lies 10 % farther away and the edge above 6 %
        nearer, the other way round at $\nu=-1.25$; see `rfjax.laws.injection_locking`.

        **Arguments:** `current` in A; `force` $F$ of the tone in rad/s, as `Resonator.force` gives
        it. Both broadcast with the oscillators.

        **Returns:** Hz; in compiled programs NaN up to the threshold current.

        **Raises:** `InvalidInput` where a value is not allowed, and for a current up to the
        threshold, where nothing oscillates freely.
        """
        force = non_negative("force", force)
        broadcast_shape(
            oscillators=self.shape, current=self._checked(current).shape, force=force.shape
        )
        power = self._free_power(current)
        half = injection_locking.locking_range(force, power, self.nonlinearity(current))
        return finite_if_known("the locking range at this force", half / (2 * jnp.pi))

    def _checked(self, current: ArrayLike) -> Float[Array, "..."]:
        current = finite("current", current)
        broadcast_shape(oscillators=self.shape, current=current.shape)
        return current

    def _free_power(self, current: ArrayLike) -> Float[Array, "..."]:
        """The power of the free oscillation; NaN in compiled programs where there is none."""
        power = self.steady_power(current)
        self.steady_frequency(current)  # refuses where the frequency has reached zero
        if known(power) and not np.all(power > 0):
            raise InvalidInput(
                "current is not above the threshold current everywhere, and nothing oscillates "
                "freely there; give more (see threshold_current)"
            )
        return jnp.where(power > 0, power, jnp.nan)
