"""Equilibrium propagation: derivatives of a network that settles, from two of its states."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from rfjax.checks import InvalidInput, finite, known, number, sequence, shown
from rfjax.laws.reciprocal_network import contrast, squared_error
from rfjax.printing import described

LEVELS = 0.2, 0.8  # of the full power: oscillators that are neither silent nor clamped


class EquilibriumError(eqx.Module):
    r"""The squared error of the outputs in free equilibrium, $\langle\frac12|a-y|^2\rangle$.

    A loss of `fit`. Its derivatives are exact: those of the equilibrium, by the implicit function
    theorem (recurrent backpropagation). Rows that do not settle do not count.

    **Arguments:** `levels`: shares of the full power that are wanted of the outputs of the wrong
    classes and of the right one. An output at zero is below threshold and has no derivative.

    **Raises:** `InvalidInput` for what are not two different shares from 0 to 1.
    """

    levels: tuple[float, float] = eqx.field(
        static=True, default=LEVELS, converter=lambda levels: _checked_levels(levels)
    )

    __repr__ = described

    def __call__(
        self, model: Any, inputs: Float[Array, "batch ..."], labels: Int[Array, " batch"]
    ) -> Float[Array, ""]:
        """The mean error.

        **Arguments:** `model`: a `rfjax.nn.ReciprocalNetwork`; `inputs`; `labels`: the class of
        each.
        """
        found = model.equilibrium(inputs)
        cost = squared_error(found.shares[-1], _wanted(model, labels, self.levels))
        return jnp.mean(jnp.where(found.converged, cost, 0))


class EquilibriumPropagation(eqx.Module):
    r"""A loss whose derivatives are those that synapses find by themselves (Scellier and Bengio).

    The network settles twice, with its outputs nudged by $\beta_1$ and by $\beta_2$, and every
    parameter takes $\frac{1}{\beta_1-\beta_2}\left[\frac{\partial E}{\partial\theta}\Big|_{\beta_1}
    -\frac{\partial E}{\partial\theta}\Big|_{\beta_2}\right]$, with the powers in both states as
    they are: for the detuning of a synapse what the two oscillators that it joins emit, times the
    slope of its response. Nothing is propagated back. For equal twins and resonators linear in
    power it tends to the derivative of `EquilibriumError` with $\beta\to0$; otherwise to
    something else.

    **Arguments:** `nudges` $\beta_1\ne\beta_2$, in threshold currents at an error of full power:
    $(\beta,-\beta)$ has an error of $O(\beta^2)$, $(\beta,0)$ of $O(\beta)$; `levels` as for
    `EquilibriumError`.

    **Raises:** `InvalidInput` for what are not two different numbers.
    """

    nudges: Float[Array, "2"] = eqx.field(
        converter=lambda nudges: finite("nudges", list(_two("nudges", nudges, "(0.2, -0.2)")))
    )
    levels: tuple[float, float] = eqx.field(
        static=True, default=LEVELS, converter=lambda levels: _checked_levels(levels)
    )

    __repr__ = described

    def __call__(
        self, model: Any, inputs: Float[Array, "batch ..."], labels: Int[Array, " batch"]
    ) -> Float[Array, ""]:
        """The mean squared error in the two states, with the derivatives that they give.

        Rows that do not settle in both do not count.

        **Arguments:** as for `EquilibriumError`.
        """
        moving, rest = eqx.partition(model, eqx.is_inexact_array)
        still = eqx.combine(jax.lax.stop_gradient(moving), rest)
        # Both states side by side, as rows of one relaxation.
        twice = jnp.broadcast_to(inputs, (2, *inputs.shape))
        wanted = _wanted(still, jnp.broadcast_to(labels, (2, *labels.shape)), self.levels)
        nudges = jnp.repeat(self.nudges[:, None], len(inputs), axis=1)
        both = still.equilibrium(twice, wanted, nudges)
        one, other = model.energy(twice, both.shares)
        estimate = contrast(one, other, self.nudges[0] - self.nudges[1])
        error = jnp.mean(squared_error(both.shares[-1], wanted), axis=0)
        # The value is the error, the derivative that of the energies.
        lost = error + estimate - jax.lax.stop_gradient(estimate)
        return jnp.mean(jnp.where(both.converged.all(0), lost, 0))


def _wanted(model, labels, levels) -> Float[Array, "*batch outputs"]:
    detuning = model.layers[-1].array.detuning
    wrong, right = levels
    return wrong + (right - wrong) * jax.nn.one_hot(labels, len(detuning), dtype=detuning.dtype)


def _checked_levels(levels: Any) -> tuple[float, float]:
    wrong, right = (number("levels", each) for each in _two("levels", levels, "(0.2, 0.8)"))
    if not (0 <= wrong <= 1 and 0 <= right <= 1):
        raise InvalidInput(f"levels is {shown(levels)}; give shares of the full power, 0 to 1")
    return wrong, right


def _two(name: str, values: Any, example: str) -> tuple[Any, Any]:
    """Two values that differ, where they are known.

    **Raises:** `InvalidInput` otherwise.
    """
    values = sequence(name, values, "two numbers")
    if len(values) != 2 or (known(values) and float(values[0]) == float(values[1])):
        raise InvalidInput(f"{name} is {shown(values)}; give two different numbers, as {example}")
    return values  # pyright: ignore[reportReturnType]
