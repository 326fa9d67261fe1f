"""The periodic steady state under all tones, by harmonic balance: without integrating."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Float

from rfjax.checks import InvalidInput, instance_of, positive_integer, small_number
from rfjax.devices import Resonator
from rfjax.laws import harmonic_balance, spin_diode
from rfjax.laws.intermodulation import Products, products
from rfjax.numerics.batched_map import in_parts
from rfjax.rectifiers.base import (
    COARSEST,
    given_phases,
    over_resonators,
    phased,
    root_powers,
)
from rfjax.rectifiers.fast.scheduled import AbstractScheduled
from rfjax.rectifiers.refusal import answered
from rfjax.rectifiers.rotating_frame import (
    RotatingFrame,
    beat_spacing,
    rotating_frame,
    rounding,
    same_tones,
    scheduled_tones,
)

_AT_ONCE = 16384  # samples of lanes that fit into the cache, with what surrounds them


class Mixing(NamedTuple):
    """How the tones of a line mix.

    **Arguments:** `spacing` of which all differences of the tones are multiples, Hz; `levels`:
    their products up to rising orders, counted from the tone that the frame rotates with;
    `tones`: their frequencies less that of this tone, Hz.
    """

    spacing: float
    levels: tuple[Products, ...]
    tones: tuple[float, ...]


class HarmonicBalance(AbstractScheduled):
    r"""The auto-oscillator (3.3) under all tones in its periodic steady state.

    The amplitude is a Fourier series over the intermodulation products of the tones, and solves
    $[\Gamma_0+i(\omega_0-\omega_k)]A_k+[(\Gamma_0Q+i\omega_0N)\,|c|^2c]_k=F_k$; the voltage is
    $V=\frac{\beta}{\gamma^2}\sum_i[\xi_A\mathrm{Im}+\xi_S\mathrm{Re}]\,A_{k_i}F_i^*$, with a
    derivative that costs one linear solve, and at a cost that does not grow with the period of the
    beats.

    It is found from the linear response, and where the response folds it is the lower branch,
    reached with slowly rising power; there is no other to choose. `Dynamic` settles to the same
    state where there is one alone; in a fold, tones that are switched on at once may lead to the
    upper branch, and then `Dynamic` tells. `CrossCoupled().bistable` shows, to its approximation,
    where that may be.

    **Arguments:**

    - `phases` $\psi_i$ of the tones in rad, (*b, tones); zero if none are given. They matter where
      tones mix onto each other.
    - `order`: how many tones, at most, add up to a product that is kept; odd. Two more take
      about a tenth of the error, and less where tones are weaker. Order 7 leaves about 1e-5 of the
      largest voltage where the response is single, and up to 1e-3 in a fold.
    - `tolerance` of the amplitude, at its last correction; below 0.01.
    - `mixing`: found from the frequencies where they are known. Inside of `jit` they are not:
      there, use what `scheduled` returns.

    **Raises:** `InvalidInput` where values are not allowed, where the tones do not repeat in
    reasonable time, have too many products or are not those that were scheduled, or where no
    periodic state is found, with how many; inside of compiled functions the last two are NaN
    instead, and so is a derivative that is not found.
    """

    phases: Float[Array, "*b tones"] | None = eqx.field(converter=given_phases, default=None)
    order: int = eqx.field(static=True, converter=partial(positive_integer, "order"), default=7)
    tolerance: float = eqx.field(
        static=True, converter=partial(small_number, "tolerance", below=COARSEST), default=3e-6
    )
    mixing: Mixing | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        products((0,), self.order)
        if self.mixing is not None:
            instance_of("mixing", self.mixing, Mixing, "what `scheduled` returns, or None")

    def scheduled(self, resonators: Resonator, frequencies: ArrayLike) -> "HarmonicBalance":
        """The same model with its products fixed, for compiled programs and for training.

        It knows its tones and refuses others.

        **Arguments:** `resonators`, which may be any; `frequencies` of the tones in Hz, known.

        **Returns:** the model.

        **Raises:** `InvalidInput` where the tones have too many products.
        """
        tones, dtype = scheduled_tones(resonators, frequencies)
        mixing = self._found(tones - tones[len(tones) // 2], rounding(tones.max(), dtype))
        return HarmonicBalance(self.phases, self.order, self.tolerance, mixing)

    @property
    def is_scheduled(self) -> bool:
        """See `AbstractScheduled.is_scheduled`."""
        return self.mixing is not None

    def scheduled_in(
        self, frame: RotatingFrame, resonators: Resonator, powers: ArrayLike, dtype: np.dtype
    ) -> "HarmonicBalance":
        """See `AbstractScheduled.scheduled_in`: products of the tones, whatever receives them."""
        tones = np.asarray(frame.tones, np.float64)
        highest = np.max(np.asarray(resonators.frequency) - frame.resonators) + tones.max()
        mixing = self._found(tones, rounding(highest, dtype))
        return HarmonicBalance(self.phases, self.order, self.tolerance, mixing)

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        mixing = self.mixing
        if mixing is None:
            frame = jax.lax.stop_gradient(rotating_frame(resonators, detuning))
            reference = jax.lax.stop_gradient(resonators.frequency) - frame.resonators
            if any(isinstance(each, Tracer) for each in (frame.tones, reference)):
                raise InvalidInput(
                    "the frequencies are not known inside of a compiled function; use "
                    "HarmonicBalance().scheduled(resonators, frequencies) there"
                )
            offsets = np.asarray(frame.tones, np.float64)
            highest = np.max(np.asarray(reference)) + offsets.max()
            mixing = self._found(offsets, rounding(highest, frame.tones.dtype))
        detuning = same_tones(detuning, resonators, mixing.tones, "HarmonicBalance")
        powers, phases = phased(powers, self.phases)
        balance = harmonic_balance.Balance(mixing.levels, self.tolerance)
        return answered(
            _voltages(balance, resonators, detuning, mixing.spacing, powers, phases),
            "no periodic state was reached, the tones are too strong for harmonic balance; lower "
            "the powers or the nonlinear shift, or integrate with Dynamic",
        )

    def _found(self, tones: np.ndarray, resolution: float) -> Mixing:
        """How tones mix that lie at offsets from the frame, both in Hz."""
        spacing = beat_spacing(tones, resolution) or 1.0
        harmonics = tuple(np.round(tones / spacing).astype(int).tolist())
        orders = sorted({max(1, min(3, self.order - 2)), self.order})
        levels = tuple(products(harmonics, order) for order in orders)
        return Mixing(spacing, levels, tuple(tones.tolist()))


# One program for a call, and not one an operation.
@partial(jax.jit, static_argnums=0, inline=True)
def _voltages(balance, resonators, detuning, spacing, powers, phases) -> Float[Array, "..."]:
    offset = -detuning[..., detuning.shape[-1] // 2]
    lanes = _lanes(resonators, offset, spacing, powers, phases)
    at_once = max(1, _AT_ONCE // balance.levels[-1].samples)
    mixed = in_parts(lambda *part: _mixed(balance, *part), lanes, at_once)
    in_phase, in_quadrature = jnp.moveaxis(
        mixed.reshape(*powers.shape[:-1], *resonators.shape, 2), -1, 0
    )
    volts = spin_diode.mixing(
        in_phase,
        in_quadrature,
        resonators.rectification,
        resonators.drive,
        resonators.antisymmetric,
        resonators.symmetric,
    )
    strongest = over_resonators(jnp.max(powers, axis=-1, keepdims=True), resonators)[..., 0]
    return volts - jax.lax.stop_gradient(jnp.where(strongest > 0, 0, volts))


def _lanes(resonators, offset, spacing, powers, phases):
    r"""What each lane is solved from, batches first and resonators last, in reduced variables.

    All forces together have the size one, also at zero power; the strength that is taken out, in
    linewidths, stands in $Q$ and $n$ instead.
    """
    roots = root_powers(powers)
    total = jnp.sqrt(jnp.sum(roots**2, axis=-1))
    share = roots / total[..., None]
    force = jnp.stack([share * jnp.cos(phases), share * jnp.sin(phases)], axis=-2)
    pushed = over_resonators(total[..., None], resonators)[..., 0] * resonators.drive
    strength = pushed / resonators.linewidth
    width = resonators.linewidth_frequency
    ones = (1,) * len(resonators.shape)
    shape = *total.shape, *resonators.shape
    force = force.reshape(*total.shape, *ones, *force.shape[-2:])
    force = jnp.broadcast_to(force, (*shape, *force.shape[-2:]))
    each = (
        offset,
        spacing / width,
        resonators.nonlinear_damping * strength**2,
        resonators.reduced_shift * strength**2,
        pushed * strength,
    )
    return (
        force.reshape(-1, *force.shape[-2:]),
        *(jnp.broadcast_to(value, shape).astype(force.dtype).reshape(-1) for value in each),
    )


def _mixed(balance, force, offset, spacing, damping, shift, size):
    r"""$\langle cf^*\rangle$ of every lane, rad/s: (lanes, 2)."""
    force = jnp.moveaxis(force, 0, -1)
    found = harmonic_balance.amplitudes(balance, force, offset, spacing, damping, shift)
    (re, im), (force_re, force_im) = harmonic_balance.at_tones(balance.levels[-1], found), force
    in_phase = jnp.sum(re * force_re + im * force_im, axis=0)
    in_quadrature = jnp.sum(im * force_re - re * force_im, axis=0)
    return size[:, None] * jnp.stack([in_phase, in_quadrature], axis=-1)
