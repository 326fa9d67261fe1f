"""Chains of resonators on a line: volts out of tone powers in."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Key

from rfjax.arrays.nonideality import check_strengths
from rfjax.arrays.preparation import (
    ROOM,
    Tuned,
    errors,
    of_chains,
    prepared_evaluation,
    standing_for_all,
)
from rfjax.arrays.reading import AbstractReading, reading
from rfjax.arrays.wiring import AbstractWiring, SharedLine
from rfjax.checks import (
    InvalidInput,
    broadcast_shape,
    finite,
    instance_of,
    known,
    non_negative,
    one_of,
    positive,
    positive_number,
    shown,
)
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.numerics.keys import row_keys
from rfjax.numerics.parameters import computed, fixed
from rfjax.printing import described
from rfjax.rectifiers import AbstractRectifier, Independent
from rfjax.rectifiers.fast import AbstractEvaluation
from rfjax.rectifiers.refusal import answered


class ResonatorArray(eqx.Module):
    r"""Chains of resonators that receive the tones of a line, wired head to tail.

    $U_j=\sum_k(-1)^kV_{kj}$ (5.4). Chain $j$ has one resonator $k$ for every tone, its *own*; what
    trains is the detuning of each from its own tone, in linewidths of the resonance reached,
    $f_{res}=\frac{f_{own}}{1+\alpha x}$.

    What the rectifier model needs beforehand, a schedule or a fast evaluation that keeps a
    tolerance, is prepared here for a range of detunings, and by `prepared` for another one. Beyond
    the range a call computes every resonator directly. Inside of compiled programs nothing is
    computed directly: there, voltages beyond the range are NaN.

    **Arguments:**

    - `detuning`: (chains, tones), in linewidths.
    - `resonators`: the devices, at their own tones: `frequency` (tones,), those of the line; all
      other fields of shape (), (tones,) or (chains, tones).
    - `line`: the tones and their largest powers.
    - `rectifier`: the rectifier model; `Independent` if none is given.
    - `wiring`: `SharedLine()`, where every resonator receives all tones, or `OwnTone()`.
    - `gradient`: None, or the model whose derivative stands in for that of `rectifier`: with
      `Linearised(line.peak_powers)` the gradient of the published algorithm (5.11, 5.17, 5.18).
    - `tolerance` of the fast evaluation, relative to the largest voltage; None to do without.
      Where rounding costs the direct evaluation more, that much is allowed.
    - `readings`: what each reading adds, as noise, the first next to the array; see
      `AbstractReading`. An array with readings that draw is called with a key.

    **Raises:** `InvalidInput` where shapes or values do not fit.
    """

    detuning: Float[Array, "*seeds chains tones"]
    tolerance: float | None = eqx.field(static=True)
    resonators: Resonator = fixed()
    line: Line = fixed()
    rectifier: AbstractRectifier = fixed()
    wiring: AbstractWiring = fixed()
    gradient: AbstractRectifier | None = fixed()
    evaluation: AbstractEvaluation | None = computed()
    readings: tuple[AbstractReading, ...] = fixed()

    def __repr__(self) -> str:
        without = ("evaluation",) if self.readings else ("evaluation", "readings")
        return described(self, without=without)

    def __init__(
        self,
        detuning: ArrayLike,
        resonators: Resonator,
        line: Line,
        rectifier: AbstractRectifier | None = None,
        wiring: AbstractWiring | None = None,
        *,
        gradient: AbstractRectifier | None = None,
        tolerance: float | None = 1e-5,
        readings: Sequence[AbstractReading] = (),
    ):
        self.line = instance_of("line", line, Line, "a Line, as Line.geometric(...)")
        self.resonators = checked_devices(resonators, line)
        detuning = finite("detuning", detuning)
        if detuning.ndim != 2 or detuning.shape[1] != line.tones or not detuning.size:
            raise InvalidInput(
                f"detuning has shape {detuning.shape}; give (chains, {line.tones}), at least one "
                "chain, and one resonator for each tone"
            )
        _check_shape_of(self.resonators, detuning.shape)
        self.detuning = self.resonators.checked_detuning(detuning)
        what = "a rectifier model, as Independent()"
        self.rectifier = Independent() if rectifier is None else rectifier
        instance_of("rectifier", self.rectifier, AbstractRectifier, what)
        self.wiring = SharedLine() if wiring is None else wiring
        instance_of("wiring", self.wiring, AbstractWiring, "SharedLine() or OwnTone()")
        self.gradient = gradient
        if gradient is not None:
            instance_of("gradient", gradient, AbstractRectifier, what + ", or None")
        self.tolerance = None if tolerance is None else positive_number("tolerance", tolerance)
        self.readings = checked_readings(readings)
        check_strengths(self.readings, detuning.shape)
        self.evaluation = None
        self.evaluation = self._prepared()

    @property
    def tones(self) -> int:
        """How many tones there are on the line."""
        return self.line.tones

    @property
    def peak_powers(self) -> Float[Array, " tones"]:
        """The largest power of each tone into one resonator, W."""
        return self.line.peak_powers

    @property
    def frequencies(self) -> Float[Array, " tones"]:
        """The tones on the line, Hz: each is some resonators' own."""
        return self.line.frequencies

    def __call__(
        self,
        powers: ArrayLike,
        frequencies: ArrayLike | None = None,
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains.

        **Arguments:** `powers` of the tones, (*b, tones), in W into one resonator; `frequencies` of
        the tones, (*b, tones), in Hz, where they are not those of the line: every resonator is
        computed directly, at the detuning that it has from the tone that there is; `key` of what
        readings draw, one or one a row, (*b,); without readings it does not matter.

        **Returns:** volts, (*b, chains).

        **Raises:** `InvalidInput` for negative powers, frequencies not above zero, another number
        of either, for an ensemble, and where readings need a key that is not given.
        """
        powers = non_negative("powers", powers)
        self.check_shape("powers", powers.shape)
        if frequencies is not None:
            frequencies = checked_frequencies(frequencies, powers)
        return self.volts(powers, frequencies, key=key)

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Refuse a shape that powers of the tones do not have; raises `InvalidInput`."""
        if not shape or shape[-1] != self.tones:
            raise InvalidInput(
                f"{name} have shape {shape}; give (..., {self.tones}), one for each tone"
            )

    def volts(
        self,
        powers: Float[Array, "*b tones"],
        frequencies: Float[Array, "*b tones"] | None = None,
        *,
        key: Key[Array, "..."] | None = None,
    ) -> Float[Array, "*b chains"]:
        """The voltages of all chains for powers and frequencies that have been checked.

        **Raises:** `InvalidInput` for an ensemble, for frequencies where a model is scheduled for
        those of the line, and where readings need a key that is not given.
        """
        if frequencies is not None and self.wiring.shared:
            self.rectifier.check_moving()
        self.check_one_network()
        if not powers.size:
            return jnp.zeros((*powers.shape[:-1], len(self.detuning)), powers.dtype)
        rows = powers.reshape(-1, self.tones)
        moved = None if frequencies is None else frequencies.reshape(-1, self.tones)
        if self.readings:
            check_strengths(self.readings, self.detuning.shape)
            keys = self._row_keys(key, powers.shape[:-1])
            volts = reading(self.readings, _quietly, self, rows, moved, keys=keys)
        else:
            volts = _quietly(self, rows, moved)
        return volts.reshape(*powers.shape[:-1], len(self.detuning))

    def with_readings(self, *readings: AbstractReading) -> "ResonatorArray":
        """The same array read with other readings, or without any.

        **Arguments:** `readings`, the first next to the array; see `AbstractReading`.

        **Raises:** `InvalidInput` for what are none, and for strengths of another shape.
        """
        readings = checked_readings(readings)
        # Strengths of ensembles, and where a parameter stands for detunings, are checked when read.
        if eqx.is_array(self.detuning) and self.detuning.ndim == 2:
            check_strengths(readings, self.detuning.shape)
        return eqx.tree_at(
            lambda array: array.readings,
            self,
            readings,
            is_leaf=lambda part: part is self.readings,
        )

    def _row_keys(self, key: Any, batch: tuple[int, ...]) -> Key[Array, " b"] | None:
        """A key for each row; None where there is none, and nothing is drawn."""
        if key is None and not any(each.draws for each in self.readings):
            return None
        return row_keys(_given(key), batch).reshape(-1)

    def _of_model(self, powers, frequencies):
        if self.evaluation is None or frequencies is not None:
            return _directly(self, self.rectifier, powers, frequencies)
        covered, within = self.covered(), _up_to(powers, self.peak_powers)
        evaluation = self.evaluation
        if known((covered, within)) and not (covered and np.all(within)):
            evaluation = self._beyond(jax.lax.stop_gradient(powers))
            if evaluation is None:
                return _directly(self, self.rectifier, powers, None)
            covered, within = jnp.asarray(True), jnp.ones_like(within)
        volts = _evaluated(evaluation, self.resonators, self.detuning, self.line, powers)
        if evaluation.is_exact:
            volts = answered(volts, "the rectifier model finds no settled state; lower the powers")
        # Nothing can be raised within a program: what was not prepared for has no answer.
        return volts + jnp.where(covered & within, 0.0, jnp.nan)[:, None].astype(volts.dtype)

    def _beyond(self, powers: Float[Array, "b tones"]) -> AbstractEvaluation | None:
        """A model that has to be scheduled is so for stronger powers and farther detunings."""
        if self.evaluation is None or not self.evaluation.is_exact or self.tolerance is None:
            return None
        line, devices, detuning = jax.lax.stop_gradient((self.line, self.resonators, self.detuning))
        line = Line(line.frequencies, jnp.maximum(line.peak_powers, jnp.max(powers, axis=0)))
        return prepared_evaluation(
            self.rectifier, self.wiring, devices, line, detuning, self.tolerance, ROOM
        )

    def covered(self) -> Bool[Array, ""]:
        """Whether what is prepared holds for the present detunings and devices."""
        if self.evaluation is None:
            return jnp.asarray(True)
        return _covers(
            self.evaluation,
            *jax.lax.stop_gradient((self.resonators, self.detuning, self.line)),
        )

    def prepared(self, *, room: float = ROOM, also: Tuned | None = None) -> "ResonatorArray":
        """The same array, prepared for a range about its present detunings and for its devices.

        A pure function of both. Works on the host, between compiled steps.

        **Arguments:** `room`: the factor by which detunings may grow, one or more; where nothing
        can be prepared for so wide a range, it is narrower; `also`: `Tuned` resonators of many
        arrays on the same line, for which it is to hold as well.
        """
        evaluation = self._prepared(positive_number("room", room), also)
        if eqx.tree_equal(evaluation, self.evaluation):
            return self
        return eqx.tree_at(
            lambda array: array.evaluation, self, evaluation, is_leaf=lambda leaf: leaf is None
        )

    def with_devices(self, **fields: Any) -> "ResonatorArray":
        """The same array with other devices at its tones, prepared for them.

        Detunings stay the same number of linewidths, so that resonances move with the damping.

        **Arguments:** `fields` of the resonators, as for `Resonator`, all but `frequency`.

        **Raises:** `InvalidInput` where values or shapes do not fit, and for an ensemble.
        """
        self.check_one_network()
        allowed = [field.name for field in dataclasses.fields(Resonator) if field.init]
        allowed.remove("frequency")
        for name in fields:
            one_of("the name of a field", name, allowed)
        return ResonatorArray(
            self.detuning,
            dataclasses.replace(self.resonators, **fields),
            self.line,
            self.rectifier,
            self.wiring,
            gradient=self.gradient,
            tolerance=self.tolerance,
            readings=self.readings,
        )

    def error(self) -> float:
        """The largest error of the fast evaluation that is found at the present detunings.

        **Returns:** relative to the largest voltage; zero where everything is computed directly.
        """
        if self.evaluation is None or self.evaluation.is_exact:
            return 0.0
        rows = np.asarray(self.detuning).reshape(-1, self.tones)
        chosen = [0, int(np.argmax(np.max(np.abs(rows), axis=1)))]
        devices = of_chains(self.resonators, [row % self.detuning.shape[-2] for row in chosen])
        error = errors(self.rectifier, self.wiring, devices, self.line, rows[chosen])
        return error(self.evaluation)

    def check_one_network(self) -> None:
        """Refuse an ensemble; raises `InvalidInput`."""
        if self.detuning.ndim != 2:
            raise InvalidInput(
                f"the model is an ensemble of {self.detuning.shape[0]} networks; take one of them "
                "with rfjax.training.member(model, index)"
            )

    def _prepared(self, room: float = ROOM, also: Tuned | None = None) -> AbstractEvaluation | None:
        if self.tolerance is None or not known((self.detuning, self.line, self.resonators)):
            return None
        detuning, resonators = self.detuning, self.resonators
        if also is not None:
            others = np.abs(np.asarray(also.detuning))
            farthest = np.max(others, axis=tuple(range(others.ndim - 2)))
            detuning = jnp.asarray(np.maximum(np.abs(np.asarray(detuning)), farthest))
            resonators = standing_for_all(resonators, also, self.line)
        return prepared_evaluation(
            self.rectifier,
            self.wiring,
            resonators,
            self.line,
            detuning,
            self.tolerance,
            room,
        )


def _quietly(
    array: ResonatorArray,
    powers: Float[Array, "b tones"],
    frequencies: Float[Array, "b tones"] | None,
) -> Float[Array, "b chains"]:
    """The voltages of an array without its readings."""
    volts = array._of_model(powers, frequencies)
    if array.gradient is None:
        return volts
    stand_in = _directly(array, array.gradient, powers, frequencies)
    return jax.lax.stop_gradient(volts) + (stand_in - jax.lax.stop_gradient(stand_in))


def _given(key: Any) -> Any:
    if key is None:
        raise InvalidInput(
            "readings of this array draw at random, and no key is given; give key=, as "
            "network(inputs, key=jax.random.key(0))"
        )
    return key


def checked_readings(readings: Any) -> tuple[AbstractReading, ...]:
    """What readings add, as a tuple.

    **Raises:** `InvalidInput` for what are no readings.
    """
    what = "readings, as rfjax.hardware.AmplifierNoise(1e-6)"
    if not isinstance(readings, tuple | list):
        raise InvalidInput(f"readings is {shown(readings)}; give a list or tuple of {what}")
    for each in readings:
        instance_of("readings", each, AbstractReading, what)
    return tuple(readings)


@eqx.filter_jit
def _covers(evaluation, resonators, detuning, line) -> Bool[Array, ""]:
    return evaluation.covers(resonators, detuning, line)


def checked_devices(resonators: Resonator, line: Line) -> Resonator:
    """Resonators that stand at their own tones, those of a line.

    **Raises:** `InvalidInput` for others.
    """
    instance_of("resonators", resonators, Resonator, "a Resonator")
    there = resonators.frequency
    if there.shape != line.frequencies.shape:
        raise InvalidInput(
            f"resonators have frequencies of shape {there.shape} on a line of {line.tones} tones; "
            "give Resonator(line.frequencies, ...)"
        )
    if known((there, line.frequencies)) and not np.array_equal(there, line.frequencies):
        raise InvalidInput(
            "the resonators do not stand at the tones of the line, from which they are detuned; "
            "give Resonator(line.frequencies, ...)"
        )
    return resonators


def _check_shape_of(resonators: Resonator, shape: tuple[int, ...]) -> None:
    if broadcast_shape(resonators=resonators.shape, detuning=shape) != shape:
        raise InvalidInput(
            f"resonators have shape {resonators.shape}; give fields of shape (), ({shape[1]},) or "
            f"{shape}"
        )


def checked_frequencies(frequencies: ArrayLike, powers: Float[Array, "..."]) -> Float[Array, "..."]:
    """The frequencies of tones as an array, one for each power.

    **Raises:** `InvalidInput` for frequencies not above zero or of another shape.
    """
    frequencies = positive("frequencies", frequencies)
    if frequencies.shape != powers.shape:
        raise InvalidInput(
            f"frequencies have shape {frequencies.shape}, powers {powers.shape}; give one "
            "frequency for each power"
        )
    return frequencies


def _up_to(powers: Float[Array, "b tones"], peaks: Float[Array, " tones"]) -> Bool[Array, " b"]:
    """Which rows have powers up to their peaks, to rounding."""
    rounding = 1 + 8 * jnp.finfo(powers.dtype).eps
    powers, peaks = jax.lax.stop_gradient((powers, peaks))
    return jnp.all((powers >= 0) & (powers <= peaks * rounding), axis=-1)


@eqx.filter_jit
def _evaluated(evaluation, *arguments):
    return evaluation(*arguments)


def _directly(array: ResonatorArray, rectifier: AbstractRectifier, powers, frequencies):
    tones = array.line.frequencies if frequencies is None else frequencies
    volts = array.wiring.directly(rectifier, array.resonators, array.detuning, powers, tones)
    return answered(
        volts, "the rectifier model knows none at these detunings and powers; try smaller ones"
    )
