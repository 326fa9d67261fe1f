"""The rectifier model that is a measurement: voltages against frequency and power."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    host_numbers,
    known,
    positive,
    where_valid,
)
from rfjax.devices import Resonator
from rfjax.numerics import cubic_spline
from rfjax.printing import described, quantity
from rfjax.rectifiers.base import AbstractRectifier, over_resonators
from rfjax.rectifiers.fast.base import Circumstances
from rfjax.rectifiers.fast.direct import detunings_of_tones

_FEWEST = 4  # frequencies: a cubic
_ROUNDING = 16  # units in the last place by which a tone may lie outside


class Tabulated(AbstractRectifier):
    r"""Measured voltages $V_t(f, P)$, interpolated; every tone rectified on its own, then summed.

    One device for all resonators, or one for each. Between samples runs a cubic spline in frequency
    and one in power, both twice differentiable; noise of the samples stays in it.

    A device of resonance $f_t$ that is tuned to $f_{res}=r\,f_t$ keeps its line shape as a function
    of $f/f_{res}$, and voltages and powers scale as those of (5.10) do with the linewidth
    $\Gamma=\alpha\omega_{res}$ at constant $\alpha$, $\beta$, $\gamma$:
    $V(f,P)=r\,V_t(f/r,\,P/r^2)$. A table of `Independent` is `Independent` at every detuning. Of
    the resonators only `frequency` matters, and `damping` as the unit of detunings.

    Outside of the measured frequencies and above the largest measured power nothing is known: there
    a voltage is refused; inside compiled functions it is NaN, and its derivatives, finite so that
    those beside it stay so, say nothing. Below the smallest power there is
    physics: no power gives no voltage, and a small one a voltage in proportion. The spline in power
    ends there, in $V_t(f,0)=0$: of the usual resonator at 200 MHz, sampled at 1, 3 and 10 µW, its
    volts per watt are right to 2e-6 of the largest all the way down; sampled at 10 µW alone, which
    leaves the proportion, to 5 %. Voltages must come without an offset: see
    `SpinDiodeFit.background`.

    Splines go through the voltages that the table has now: derivatives to voltages are whole, and
    other ones may be put in their place. Frequencies are kept as `offsets`, $f/f_t-1$.

    A response that jumps, as on a fold, rings about the jump: leave out powers that fold.

    **Arguments:**

    - `voltages`: (*r, powers, n) in V.
    - `powers` into the device, (powers,), in W, above zero.
    - `frequencies`: (n,), or (*r, n) where devices were measured at others, in Hz; four or more.
    - `resonance` $f_t$ at which each device was measured, (*r), Hz: as fitted.

    **Raises:** `InvalidInput` for values that are not allowed, and shapes that do not fit.
    """

    voltages: Float[Array, "*r powers n"] = eqx.field(metadata={"unit": "V"})
    powers: Float[Array, " powers"] = eqx.field(metadata={"unit": "W"})
    offsets: Float[Array, "*#r n"]
    resonance: Float[Array, "*#r"] = eqx.field(metadata={"unit": "Hz"})

    def __init__(
        self,
        voltages: ArrayLike,
        powers: ArrayLike,
        frequencies: ArrayLike,
        resonance: ArrayLike,
    ):
        given = _checked(voltages, powers, frequencies, resonance)
        volts, axis, tones, rest = _sorted(*given)
        self.voltages, self.powers = jnp.asarray(volts, float), jnp.asarray(axis, float)
        # In double precision, since single digits of frequencies leave few of their distances.
        self.offsets = jnp.asarray(tones / rest[..., None] - 1, float)
        self.resonance = jnp.asarray(rest, float)

    __repr__ = described

    @property
    def frequencies(self) -> Float[Array, "*r n"]:
        """At which each device was measured, Hz."""
        return self.resonance[..., None] * (1 + self.offsets)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the devices that were measured."""
        return self.voltages.shape[:-2]

    def interpolation_errors(self) -> Float[Array, "2 *r"]:
        """How far interpolation may be off: voltages left out, against splines through the others.

        Of every second frequency, and of every second power with no voltage at no power among
        them, the largest difference. It is of half of the samples: where these lie dense against
        what the voltages bend over it is 16 times the error of the splines of all, which falls with
        the fourth power of the spacing; measured on coarser tables 2 to 24 times, and once 0.9
        times, so that it is no bound. Where the table is noisy it is about the noise.

        **Returns:** in V, first that of frequency, then that of power, for each device; NaN for a
        single power, which tells nothing of it.
        """
        along = cubic_spline.half_grid_difference(self.offsets[..., None, :], self.voltages)
        if self.powers.size == 1:
            return jnp.stack([along.max(-1), jnp.full(self.shape, jnp.nan)])
        nodes = jnp.append(jnp.zeros(1, self.powers.dtype), self.powers / self.powers[-1])
        columns = jnp.moveaxis(self.voltages, -2, -1)
        columns = jnp.concatenate([jnp.zeros_like(columns[..., :1]), columns], -1)
        across = cubic_spline.half_grid_difference(nodes, columns)
        return jnp.stack([along.max(-1), across.max(-1)])

    def rectify(
        self,
        resonators: Resonator,
        detuning: Float[Array, "..."],
        powers: Float[Array, "*b tones"],
    ) -> Float[Array, "..."]:
        """See `AbstractRectifier.rectify`."""
        self._check_devices(resonators)
        return self._known_only(*_of_all_tones(self, resonators, detuning, powers))

    def rectify_own_tones(
        self,
        resonators: Resonator,
        detuning: Float[Array, "*b chains tones"],
        powers: Float[Array, "b tones"],
    ) -> Float[Array, "b chains tones"]:
        """See `AbstractRectifier.rectify_own_tones`."""
        self._check_devices(resonators)
        return self._known_only(*_of_own_tones(self, resonators, detuning, powers))

    def prepare(self, wanted: Circumstances) -> None:
        """Nothing; but a line that the measurement does not reach is refused at once.

        **Raises:** `InvalidInput` where resonators at their own tones receive others, or stronger
        ones, than were measured.
        """
        line, tones = wanted.line, wanted.line.tones
        shape = (wanted.chains, tones)
        # Chains of other chips may be among them; at their own tones all resonators are alike.
        devices = jax.tree.map(
            lambda field: jnp.broadcast_to(jnp.atleast_2d(field)[:1], shape), wanted.resonators
        )
        untuned = jnp.zeros(shape, line.frequencies.dtype)
        if wanted.shared:
            detuning = detunings_of_tones(devices, untuned, line.frequencies)
            self.rectify(devices, detuning, line.peak_powers)
        else:
            self.rectify_own_tones(devices, untuned, line.peak_powers[None])

    def _check_devices(self, resonators: Resonator) -> None:
        shape = resonators.shape
        try:
            fits = np.broadcast_shapes(self.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise InvalidInput(
                f"the table is of devices of shape {self.shape} for resonators of shape {shape}; "
                "give one device for all, or one for each"
            )

    def _known_only(self, volts, within, below) -> Float[Array, "..."]:
        spanned, largest = self._measured()
        volts = where_valid(
            volts,
            within,
            f"a tone lies outside of the measured frequencies, {spanned}, where nothing is known; "
            "measure farther, or take tones and detunings within",
        )
        return where_valid(
            volts,
            below,
            f"a tone is stronger than the largest power that was measured, {largest} at the "
            "resonance of the measurement; measure at higher powers, or lower those of the tones",
        )

    def _measured(self) -> tuple[str, str]:
        """What was measured, in words, where it is known."""
        if not known((self.offsets, self.powers)):
            return "", ""
        ratios = 1 + np.asarray(self.offsets)
        spanned = f"from {ratios[..., 0].max():.6g} to {ratios[..., -1].min():.6g} times"
        return f"{spanned} the resonance", quantity(np.asarray(self.powers)[-1], "W")


@eqx.filter_jit
def _of_all_tones(table, resonators, detuning, powers):
    """The volts of resonators, and where tones are within what was measured."""
    lanes = jax.tree.map(lambda field: field[..., None], resonators)
    slopes = _slopes(table)
    each = _with_axis(table.offsets, 1), _with_axis(table.voltages, 2), _with_axis(slopes, 2)
    resonance = _with_axis(table.resonance, 0)
    over = over_resonators(powers, resonators)
    volts, within, below = _volts(table, resonance, *each, lanes, detuning, over)
    return volts.sum(-1), within.all(-1), below.all(-1)


@eqx.filter_jit
def _of_own_tones(table, resonators, detuning, powers):
    each = table.resonance, table.offsets, table.voltages, _slopes(table)
    return _volts(table, *each, resonators, detuning, powers[:, None, :])


def _slopes(table: Tabulated) -> Float[Array, "*r powers n"]:
    """Slopes along the frequency, of the voltages as they are."""
    return cubic_spline.slopes(table.offsets[..., None, :], table.voltages)


def _volts(
    table: Tabulated, resonance, offsets, voltages, slopes, resonators, detuning, powers
) -> tuple[Float[Array, "..."], Bool[Array, "..."], Bool[Array, "..."]]:
    """Volts of one tone in each resonator, whether it is near enough, and weak enough."""
    ratio = resonators.frequency / resonance
    offset = resonators.damping * detuning
    rounding = _ROUNDING * jnp.finfo(offset.dtype).eps
    within = (offset >= offsets[..., 0] - rounding) & (offset <= offsets[..., -1] + rounding)
    # What lies outside is computed inside, so that derivatives stay finite.
    inside = jnp.where(within, offset, 0.5 * (offsets[..., 0] + offsets[..., -1]))
    at_powers = cubic_spline.interpolated(
        offsets[..., None, :], voltages, slopes, inside[..., None]
    )
    at_nodes = jnp.concatenate([jnp.zeros_like(at_powers[..., :1]), at_powers], axis=-1)
    highest = jax.lax.Precision.HIGHEST
    nodes = jnp.append(jnp.zeros(1, table.powers.dtype), table.powers / table.powers[-1])
    # Slopes are linear in the voltages: those of one at each node make up all.
    of_each = cubic_spline.slopes(nodes, jnp.eye(nodes.size, dtype=nodes.dtype))
    rising = jnp.matmul(at_nodes, of_each, precision=highest)
    share = powers / table.powers[-1] / ratio**2
    below = share <= 1 + rounding
    share = jnp.where(below, share, 1.0)
    return ratio * cubic_spline.interpolated(nodes, at_nodes, rising, share), within, below


def _with_axis(field: Float[Array, "..."], trailing: int) -> Float[Array, "..."]:
    """A field with an axis for the tones before its `trailing` axes."""
    return jnp.expand_dims(field, field.ndim - trailing)


def _checked(
    voltages: ArrayLike, powers: ArrayLike, frequencies: ArrayLike, resonance: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All of a table as arrays of the host in double precision, in shapes that fit."""
    if not known((voltages, powers, frequencies, resonance)):
        raise InvalidInput(
            "a table is not known inside of a compiled function; make Tabulated outside of it"
        )
    finite("voltages", voltages)
    for name, value in (("powers", powers), ("frequencies", frequencies), ("resonance", resonance)):
        positive(name, value)
    names = ("voltages", "powers", "frequencies", "resonance")
    volts, axis, tones, rest = (
        host_numbers(name, value).astype(np.float64)
        for name, value in zip(names, (voltages, powers, frequencies, resonance))
    )
    fits = axis.ndim == 1 and tones.ndim and volts.ndim > 1
    fits = fits and volts.shape[-2:] == (axis.size, tones.shape[-1])
    if not fits or not (volts.size and rest.size):
        single = volts.ndim == 1 and axis.size == 1
        raise InvalidInput(
            f"voltages have shape {volts.shape}, powers {axis.shape}, frequencies {tones.shape} "
            f"and resonance {rest.shape}; give (..., powers, n), (powers,), (..., n) and (...)"
            + (", of a single power P as voltages[None] and [P]" if single else "")
        )
    if tones.shape[-1] < _FEWEST:
        raise InvalidInput(f"the table has {tones.shape[-1]} frequencies; give {_FEWEST} or more")
    shape = broadcast_shape(
        voltages=volts.shape[:-2], frequencies=tones.shape[:-1], resonance=rest.shape
    )
    return np.broadcast_to(volts, (*shape, *volts.shape[-2:])), axis, tones, rest


def _sorted(
    volts: np.ndarray, powers: np.ndarray, tones: np.ndarray, resonance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same by rising powers and frequencies, each of which there is once."""
    order = np.argsort(powers)
    powers, volts = powers[order], volts[..., order, :]
    order = np.argsort(tones, axis=-1)
    tones = np.take_along_axis(tones, order, -1)
    volts = np.take_along_axis(volts, np.broadcast_to(order[..., None, :], volts.shape), -1)
    for name, axis in (("powers", powers), ("frequencies", tones)):
        if not (np.diff(axis) > 0).all():
            raise InvalidInput(f"{name} repeat; average the voltages of equal {name} first")
    ends = tones[..., 0], tones[..., -1]
    if not ((ends[0] <= resonance) & (resonance <= ends[1])).all():
        raise InvalidInput(
            "resonance lies outside of the measured frequencies; give that of the device when it "
            "was measured"
        )
    return volts, powers, tones, resonance
