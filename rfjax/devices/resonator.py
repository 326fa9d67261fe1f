"""The spin-diode resonator: a synapse."""

from functools import partial

import equinox as eqx
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import broadcast_shape, finite, non_negative, positive
from rfjax.laws import auto_oscillator, spin_diode


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

    **Raises:** `InvalidInput` naming the field, its value and what is allowed.
    """

    frequency: Float[Array, "..."] = eqx.field(converter=partial(positive, "frequency"))
    damping: Float[Array, "..."] = eqx.field(converter=partial(positive, "damping"), default=0.01)
    nonlinear_shift: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "nonlinear_shift"), default=0.1
    )
    nonlinear_damping: Float[Array, "..."] = eqx.field(
        converter=partial(non_negative, "nonlinear_damping"), default=1.0
    )
    rectification: Float[Array, "..."] = eqx.field(
        converter=partial(positive, "rectification"), default=6e7
    )
    drive: Float[Array, "..."] = eqx.field(converter=partial(positive, "drive"), default=2e8)
    antisymmetric: Float[Array, "..."] = eqx.field(
        converter=partial(finite, "antisymmetric"), default=1.0
    )
    symmetric: Float[Array, "..."] = eqx.field(converter=partial(finite, "symmetric"), default=0.0)

    def __check_init__(self):
        broadcast_shape(**{name: value.shape for name, value in vars(self).items()})

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the fields broadcast to."""
        return broadcast_shape(**{name: value.shape for name, value in vars(self).items()})

    def detuned(self, detuning: ArrayLike) -> "Resonator":
        """The same resonators with their resonances moved below where they are, to be tuned.

        **Arguments:** `detuning` in linewidths of the resonance reached, which broadcasts.

        **Returns:** resonators at `spin_diode.resonance_frequency`.
        """
        reached = spin_diode.resonance_frequency(self.frequency, detuning, self.damping)
        return eqx.tree_at(lambda device: device.frequency, self, reached)

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
