"""Random displacements of the amplitude, before and after the drift of a step."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from rfjax.dynamics.brownian import normal, within
from rfjax.dynamics.force import Amplitude
from rfjax.laws import auto_oscillator, thermal_noise

_NEAR = 0.999  # of the power at which the frequency reaches zero: the strength is infinite there


class Drawn(NamedTuple):
    """Random numbers of one step.

    **Arguments:** `before` and `after` the drift: increments of two Brownian paths over `half` the
    step, in s; `turn`: a normal number for the area that lies between the two paths.
    """

    before: Float[Array, "2 ..."]
    after: Float[Array, "2 ..."]
    half: Float[Array, ""]
    turn: Float[Array, "..."]


class Diffusion(eqx.Module):
    r"""What white noise alone does to the amplitude: the diffusion equation
    $\partial_tP=\tfrac12\nabla\cdot(D\nabla P)$, see `rfjax.laws.thermal_noise`.

    A step is half a step of diffusion, the drift, and another half. The halves are exact for a
    constant strength and of weak order two where it changes with the power (Kloeden and Platen,
    Numerical Solution of Stochastic Differential Equations, section 14.2), and so is the step.

    **Arguments:** `constant` $D_c$ and `at_rest` $\Gamma_0p_T$ in rad/s; `growth` $Q$ and `shift`
    $N$ of the devices.
    """

    constant: Float[Array, "..."]
    at_rest: Float[Array, "..."]
    growth: Float[Array, "..."]
    shift: Float[Array, "..."]

    def before(self, amplitude: Amplitude, drawn: Drawn) -> Amplitude:
        """The amplitude after the half step before the drift."""
        # One turn stands for both halves.
        return self._diffused(amplitude, drawn.before, drawn.half, 2**0.5 * drawn.turn)

    def after(self, amplitude: Amplitude, drawn: Drawn) -> Amplitude:
        """The amplitude after the half step after the drift."""
        return self._diffused(amplitude, drawn.after, drawn.half, jnp.zeros_like(drawn.turn))

    def _diffused(self, amplitude: Amplitude, path: Array, time: Array, turn: Array) -> Amplitude:
        re, im = amplitude
        ends = auto_oscillator.power_without_frequency(self.shift)
        power = jnp.minimum(re**2 + im**2, _NEAR * ends)
        strength, first, second, third = thermal_noise.diffusion_and_slopes(
            1.0, self.at_rest, power, self.growth, self.shift
        )
        strength = strength + self.constant
        some = strength > 0
        root = jnp.where(some, jnp.sqrt(jnp.where(some, strength, 1)), 0)
        relative = first / jnp.where(some, strength, 1)
        along = re * path[0] + im * path[1]
        outwards = first * time / 2 + time * root * second * along
        outwards += (time**2 / 2) * (
            first**2 + 2 * power * (first * second + strength * third) + 4 * strength * second
        )
        pushed = first * along / 2
        pushed += root * (1 + time * (first + power * (second / 2 + first * relative / 4)))
        turned = first * time / 2 * turn
        return (
            re * (1 + outwards) + pushed * path[0] - turned * im,
            im * (1 + outwards) + pushed * path[1] + turned * re,
        )


def drawn_for(
    number: Int[Array, ""], amplitude: Amplitude, step: Array, *, key: Key[Array, ""]
) -> Drawn:
    """Random numbers of step `number` of a length `step` in s, in the shape of the amplitude."""
    half = step / 2
    first, second, turn = _of_step(number, amplitude, key=key)
    return Drawn(half**0.5 * first, half**0.5 * second, half, turn)


def drawn_within(
    number: Int[Array, ""], amplitude: Amplitude, step: Array, time: Array, *, key: Key[Array, ""]
) -> Drawn:
    """Random numbers of the beginning of step `number`, up to a `time` in s within it.

    The paths go where they go in the whole step: the amplitude that is found at a time within a
    step depends on that time and the key alone.
    """
    half = step / 2
    first, second, turn = _of_step(number, amplitude, key=key)
    more, late = jax.random.fold_in(jax.random.fold_in(key, number), 1), time > half
    share = jnp.where(late, time / half - 1, time / half)
    inside = half**0.5 * jnp.where(late, second, first)
    part = within(inside, half, share, key=jax.random.fold_in(more, late.astype(jnp.int32)))
    gone = jnp.where(late, half**0.5 * first, 0) + part
    around = (time / 4) ** 0.5 * normal(first.shape, first.dtype, key=more)
    return Drawn(gone / 2 + around, gone / 2 - around, time / 2, turn)


def _of_step(number: Int[Array, ""], amplitude: Amplitude, *, key: Key[Array, ""]):
    """Normal numbers for the first half of a step, the second, and the turn."""
    like = amplitude[0]
    drawn = normal((5, *like.shape), like.dtype, key=jax.random.fold_in(key, number))
    return drawn[:2], drawn[2:4], drawn[4]
