"""The spin-diode resonator: a synapse."""

import dataclasses
from functools import partial
from typing import Any

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    instance_of,
    known,
    non_negative,
    positive,
)
from rfjax.laws import auto_oscillator, spin_diode
from rfjax.printing import described

_UNCERTAIN = 1e-3  # of the damping under a current, by rounding, beyond which it is refused


class Resonator(eqx.Module):
    r"""Spin-diode resonators: a microwave tone in, a DC voltage out.

    Every field may be a number or an array; they broadcast to the shape of the resonators.

    **Arguments:**

    - `frequency`: resonance at rest $f_0$, Hz.
    - `damping`: Gilbert damping $\alpha$, above zero.
    - `nonlinear_shift`: relative frequency shift $N$ per oscillation power, of either sign (3.6).
    - `nonlinear_damping`: relative growth $Q\ge0$ of the damping per oscillation power (3.7).
    - `rectification`: $\beta$, rad·C⁻¹ (3.15).
    - `drive`: $\gamma$, rad·Hz·W^(−1/2): a tone of power $P$ drives with $F=\gamma\sqrt P$.
    - `antisymmetric`: $\xi_A$, the share of the field-like torque.
    - `symmetric`: $\xi_S$, the share of the damping-like torque.
    - `under_current`: whether the damping is that under a DC current, as `biased` leaves it. Such
      resonators are refused with noise of a temperature, which belongs to the damping without the
      current.

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
        converter=partial(non_negative, "nonlinear_damping"), default=1.0
    )
    rectification: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "rectification"), default=6e7, metadata={"unit": "rad/C"}
    )
    drive: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "drive"), default=2e8, metadata={"unit": "rad·Hz/√W"}
    )
    antisymmetric: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "antisymmetric"), default=1.0
    )
    symmetric: Float[Array, "..."] = eqx.field(converter=partial(finite, "symmetric"), default=0.0)
    under_current: bool = eqx.field(static=True, default=False, kw_only=True)

    __repr__ = described

    def __check_init__(self):
        instance_of("under_current", self.under_current, bool, "True or False")
        _ = self.shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        fields = {name: each for name, each in vars(self).items() if name != "under_current"}
        return broadcast_shape(**{name: each.shape for name, each in fields.items()})

    @classmethod
    def of_torques(
        cls, frequency: ArrayLike, field_like: ArrayLike, damping_like: ArrayLike, **fields: Any
    ) -> "Resonator":
        r"""Resonators that a field-like and a damping-like torque drive, each with a $\gamma$.

        Both torques come from one microwave current, a quarter of a turn apart, so that they add to
        one force; see `rfjax.laws.spin_diode.torque_shares`.

        **Arguments:** `frequency` at rest, Hz; `field_like` $\gamma_{FL}$ (A.14) and `damping_like`
        $\gamma_{DL}$ (A.13) in rad·Hz·W^(−1/2), not both zero; `fields`: all others but `drive`,
        `antisymmetric` and `symmetric`. `rectification` goes with the whole force: see
        `rfjax.laws.spin_diode.rectification`.

        **Returns:** resonators with $\gamma$, $\xi_A$ and $\xi_S$ of the two.

        **Raises:** `InvalidInput` where a value is not allowed.
        """
        drive, antisymmetric, symmetric = spin_diode.torque_shares(
            finite("field_like", field_like), finite("damping_like", damping_like)
        )
        return cls(
            frequency, drive=drive, antisymmetric=antisymmetric, symmetric=symmetric, **fields
        )

    def at(self, frequencies: ArrayLike) -> "Resonator":
        """The same devices at other resonances.

        **Arguments:** `frequencies` at rest, Hz, of a shape that broadcasts with the other fields.

        **Returns:** the resonators.

        **Raises:** `InvalidInput` for frequencies not above zero, or of a shape that does not fit.
        """
        return dataclasses.replace(self, frequency=positive("frequencies", frequencies))

    def detuned(self, detuning: ArrayLike) -> "Resonator":
        r"""The same resonators with their resonances moved below where they are, to be tuned.

        **Arguments:** `detuning` in linewidths of the resonance reached, above
        $-1/\alpha$, which broadcasts.

        **Returns:** resonators at `spin_diode.resonance_frequency`. Inside of a compiled program
        frequencies of detunings that are not allowed are NaN.

        **Raises:** `InvalidInput` for a detuning that is not finite, or that no resonance has.
        """
        if known(detuning):
            detuning = self.checked_detuning(detuning)
        reached = spin_diode.resonance_frequency(self.frequency, detuning, self.damping)
        return eqx.tree_at(lambda device: device.frequency, self, reached)

    def checked_detuning(self, detuning: ArrayLike) -> Float[Array, "..."]:
        r"""Detunings from their tones that these resonators can have, as an array.

        **Arguments:** `detuning` in linewidths of the resonance reached, which broadcasts.

        **Returns:** the array.

        **Raises:** `InvalidInput` for a detuning that is not finite, or not above $-1/\alpha$.
        """
        detuning = finite("detuning", detuning)
        broadcast_shape(resonators=self.shape, detuning=detuning.shape)
        if known(detuning, self.damping):
            each, damping = np.broadcast_arrays(detuning, self.damping)
            beyond = ~(1 + damping * each > 0)
            if beyond.any():
                raise InvalidInput(
                    f"detuning is {each[beyond][0]:g} linewidths at a damping of "
                    f"{damping[beyond][0]:g}; it must be above -1/damping, where the resonance "
                    "frequency ends"
                )
        return detuning

    def biased(self, current: ArrayLike, spin_torque_efficiency: ArrayLike) -> "Resonator":
        r"""The same resonators under a DC current below threshold, as resonators without current.

        The spin torque of the current takes damping away: $\Gamma_+(p)-\sigma I(1-p)$ (3.7, 3.8) is
        the damping of a resonator with $\alpha'=\alpha(1-\zeta)$ and $Q'=(Q+\zeta)/(1-\zeta)$,
        $\zeta=I/I_{th}$, exactly. Small-signal responses grow as $1/(1-\zeta)$, and fold-over sets
        in at lower powers. From here on linewidths, and detunings counted in them, are those under
        the current. Powers at which nonlinearities show fall as $(1-\zeta)^3$, so that models which
        neglect or average beats (`Independent`, `CrossCoupled`) end at lower powers, the sooner the
        nearer tones lie together: at 200 MHz, $N=0.1$ and $Q=1$, under two tones of 5 µW of which
        the first is on resonance, CrossCoupled is off by 0.02 % or less without a current, and at
        $\zeta=0.9$ by +24 % with the tones 1 MHz apart, -3.3 % with 2 MHz, -0.4 % with 4 MHz. The
        threshold goes with the frequency: bias resonators that are tuned already.
        Thermal noise follows the damping without the current: integrate an `Oscillator` for it.

        **Arguments:** `current` $I$ in A, below the threshold; a negative one adds damping.
        `spin_torque_efficiency` $\sigma$ in rad·s⁻¹·A⁻¹. Both broadcast.

        **Returns:** resonators with the other damping, for every rectifier model.

        **Raises:** `InvalidInput` for a current at or above threshold, where a device oscillates by
        itself, or so near (3.6e-4 of it in float32) that rounding would move the damping by more
        than a thousandth, and for one below $-Q\,I_{th}$, where damping would fall with the power.
        """
        current = finite("current", current)
        efficiency = positive("spin_torque_efficiency", spin_torque_efficiency)
        broadcast_shape(
            resonators=self.shape, current=current.shape, spin_torque_efficiency=efficiency.shape
        )
        ratio = auto_oscillator.supercriticality(current, self.frequency, self.damping, efficiency)
        _check_bias(ratio, self.nonlinear_damping)
        damping, growth = auto_oscillator.biased_damping(
            ratio, self.damping, self.nonlinear_damping
        )
        return dataclasses.replace(
            self, damping=damping, nonlinear_damping=growth, under_current=True
        )

    def force(self, power: ArrayLike) -> Float[Array, "..."]:
        r"""How strongly a tone drives these resonators, $F=\gamma\sqrt P$.

        **Arguments:** `power` $P$ in W into each resonator, of a shape that broadcasts.

        **Returns:** rad/s, as `rfjax.dynamics.Tones` take it.

        **Raises:** `InvalidInput` for a power that is not finite or below zero.
        """
        power = non_negative("power", power)
        broadcast_shape(resonators=self.shape, power=power.shape)
        return auto_oscillator.force(power, self.drive)

    @property
    def fold_power(self) -> Float[Array, "..."]:
        r"""The power of one tone from which the response folds over, W; infinite if it never does.

        Below it there is one steady state at every detuning: no branches, no jumps. See
        `rfjax.laws.spin_diode.fold_onset`.
        """
        _, onset = spin_diode.fold_onset(self.reduced_shift, self.nonlinear_damping)
        of_a_watt = spin_diode.reduced_drive(1.0, self.frequency, self.damping, self.drive)
        return onset / of_a_watt

    @property
    def linewidth(self) -> Float[Array, "..."]:
        r"""The linewidth at rest $\Gamma_0=\alpha\omega_0$, rad/s."""
        return auto_oscillator.linewidth(self.frequency, self.damping)

    @property
    def linewidth_frequency(self) -> Float[Array, "..."]:
        r"""The linewidth at rest as a frequency, $\Gamma_0/2\pi=\alpha f_0$, Hz."""
        return auto_oscillator.linewidth_frequency(self.frequency, self.damping)

    @property
    def reduced_shift(self) -> Float[Array, "..."]:
        r"""The nonlinear frequency shift in linewidths, $n=N/\alpha$."""
        return spin_diode.reduced_shift(self.nonlinear_shift, self.damping)


def _check_bias(ratio: Float[Array, "..."], nonlinear_damping: Float[Array, "..."]) -> None:
    """Refuse currents over the threshold current that no resonator has, where they are known."""
    growth = nonlinear_damping + ratio
    if isinstance(growth, Tracer):
        return
    margin = 3 * np.finfo(ratio.dtype).eps / _UNCERTAIN
    if np.any(ratio > 1 - margin):
        raise InvalidInput(
            f"current is {np.max(ratio):.9g} times the threshold current; a resonator takes a "
            f"current below it, in {ratio.dtype} by {margin:.1g} of it, where the damping that is "
            "left is lost in rounding: use an Oscillator"
        )
    if np.any(growth < 0):
        raise InvalidInput(
            f"current is {np.min(ratio):.6g} times the threshold current; it must not lie below "
            "-nonlinear_damping times that, or the damping would fall with the power"
        )
