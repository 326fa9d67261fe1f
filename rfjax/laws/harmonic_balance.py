r"""The periodic steady state of a driven resonator, as the Fourier coefficients of its amplitude.

In reduced variables, time in units of $1/\Gamma_0$, $a(t)=\sum_kA_ke^{-ikst}$ obeys
$$[1+i(\delta-ks)]A_k+[(Q+in)\,|a|^2a]_k=\varphi_k$$
for every product $k$ of the tones: (3.3) with $\delta$ the resonance at rest, seen in a frame that
rotates with a tone, and $\varphi_k$ the force.
"""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from rfjax.fixed_point import Parts, accelerated
from rfjax.implicit import implicit_root
from rfjax.laws.intermodulation import Products

_MOST_STEPS = 500


class Balance(NamedTuple):
    """What is known before anything is computed.

    **Arguments:** `levels`: products of the same tones to rising orders, each of which starts from
    the solution of the one before; `tolerance`, relative to the size of the amplitude.
    """

    levels: tuple[Products, ...]
    tolerance: float


def amplitudes(
    balance: Balance,
    force: Float[Array, "2 tones lanes"],
    offset: Float[Array, " lanes"],
    spacing: Float[Array, " lanes"],
    damping: Float[Array, " lanes"],
    shift: Float[Array, " lanes"],
) -> Float[Array, "2 products lanes"]:
    r"""The amplitudes $A_k$, by a fixed point on the linear response.

    The nonlinear term is computed in time. Every harmonic feels the mean power twice, so that
    $1+i(\delta-ks)+2(Q+in)\langle|a|^2\rangle$ is what each step divides by; Anderson's
    acceleration does the rest. The derivative is implicit: one linear solve.

    **Arguments:** `balance`; real and imaginary part of the `force` $\varphi$ of every tone;
    `offset` $\delta$ and `spacing` $s$ in linewidths; `damping` $Q$ and `shift` $n$ per power of
    the amplitude in the units of the force.

    **Returns:** real and imaginary parts, for the products of the last level.

    **Raises:** at run time, if no periodic state was reached.
    """
    arguments = force, offset, spacing, damping, shift
    return implicit_root(
        partial(_solve, balance),
        partial(_residual, balance.levels[-1]),
        partial(_divide, balance),
        arguments,
    )


def _solve(balance, *arguments):
    force, first = arguments[0], balance.levels[0]

    def correction(products, amplitude):
        excess = _excess(products, amplitude, *arguments)
        response = _response(products, amplitude, *arguments)
        return _times(response, tuple(-part for part in excess))

    pushed = tuple(_pushed(first, part) for part in force)
    silence = tuple(jnp.zeros_like(part) for part in pushed)
    start = _times(_response(first, silence, *arguments), pushed)
    return _refined(balance, start, [partial(correction, level) for level in balance.levels])


def _residual(products, amplitude, *arguments):
    return jnp.stack(_excess(products, tuple(amplitude), *arguments))


def _divide(balance, amplitude, arguments, right):
    """The inverse Jacobian, or its transpose, applied by the same iteration as the solution."""
    _, offset, spacing, damping, shift = arguments

    def matrix(products, transposed, coarse):
        """The Jacobian: what it does in time is its own transpose."""
        _, through_time = jax.linearize(partial(_cubed, products), coarse)
        away = _away(products, offset, spacing)
        if transposed:
            return lambda vector: _sum(
                _times((1.0, -away), vector), through_time(_times((damping, -shift), vector))
            )
        return lambda vector: _sum(
            _times((1.0, away), vector), _times((damping, shift), through_time(vector))
        )

    def level(products, transposed, right):
        """A start, and what corrects it, for the products of one level."""
        among = _among(products, balance.levels[-1])
        coarse, wanted = (tuple(whole[:, among]) for whole in (amplitude, right))
        re, im = _response(products, coarse, *arguments)
        response = re, -im if transposed else im
        applied = matrix(products, transposed, coarse)

        def correction(vector):
            left = tuple(one - other for one, other in zip(wanted, applied(vector)))
            return _times(response, left)

        return _times(response, wanted), correction

    def solve(transposed, _, right):
        # Squares of what is solved for must not vanish.
        size = jnp.max(jnp.abs(right), axis=(0, 1))
        size = jnp.where(size > 0, size, 1)
        levels = [level(products, transposed, right / size) for products in balance.levels]
        return size * _refined(balance, levels[0][0], [correction for _, correction in levels])

    whole = matrix(balance.levels[-1], False, tuple(amplitude))
    return jax.lax.custom_linear_solve(
        lambda vector: jnp.stack(whole(tuple(vector))),
        right,
        partial(solve, False),
        partial(solve, True),
    )


def _refined(balance, start: Parts, corrections) -> Float[Array, "2 products lanes"]:
    """The fixed point of every level from that of the one before, at last to the tolerance."""
    tolerance = max(balance.tolerance, 16 * float(jnp.finfo(start[0].dtype).eps))
    converged, coarse = jnp.asarray(False), balance.levels[0]
    for number, (products, correction) in enumerate(zip(balance.levels, corrections)):
        among, size = _among(coarse, products), (len(products.places), start[0].shape[-1])
        start = tuple(jnp.zeros(size, part.dtype).at[among].set(part) for part in start)
        share = (number + 1) / len(balance.levels)
        start, converged, _ = accelerated(correction, start, tolerance**share, _MOST_STEPS)
        coarse = products
    return eqx.error_if(
        jnp.stack(start),
        ~jnp.all(converged),
        "no periodic state was reached: the tones are too strong for harmonic balance; lower the "
        "powers or the nonlinear shift, or integrate with Dynamic",
    )


def _among(coarse: Products, fine: Products) -> np.ndarray:
    """Where some products stand among more."""
    number = {harmonic: index for index, harmonic in enumerate(fine.harmonics)}
    return np.asarray([number[harmonic] for harmonic in coarse.harmonics])


def _pushed(products: Products, force):
    """The forces of the tones among all products."""
    whole = jnp.zeros((len(products.harmonics), force.shape[-1]), force.dtype)
    return whole.at[np.asarray(products.tones)].add(force)


def _excess(products, amplitude: Parts, force, offset, spacing, damping, shift) -> Parts:
    """What is left of the balance of all harmonics."""
    away = _away(products, offset, spacing)
    (re, im), (cubed_re, cubed_im) = amplitude, _cubed(products, amplitude)
    pushed_re, pushed_im = (_pushed(products, part) for part in force)
    return (
        re - away * im + damping * cubed_re - shift * cubed_im - pushed_re,
        im + away * re + damping * cubed_im + shift * cubed_re - pushed_im,
    )


def _response(products, amplitude: Parts, force, offset, spacing, damping, shift) -> Parts:
    """The response to a force while the mean power is what it is."""
    felt = 2 * sum(jnp.sum(part**2, axis=0) for part in amplitude)
    width = 1 + damping * felt
    away = _away(products, offset, spacing) + shift * felt
    size = width**2 + away**2
    return width / size, -away / size


def _away(products, offset, spacing):
    harmonics = np.asarray(products.harmonics)[:, None]
    return offset - spacing * jnp.asarray(harmonics, offset.dtype)


def _cubed(products: Products, amplitude: Parts) -> Parts:
    r"""The coefficients of $|a|^2a$, through samples in time.

    Half a turn later all odd places change sign, at mirrored times all sines: a quarter of the
    times gives the others.
    """
    evens = sum(place % 2 == 0 for place in products.places)
    even, odd = (jnp.asarray(matrix, amplitude[0].dtype) for matrix in _waves(products))
    steady = tuple(_matmul(even, part[:evens]) for part in amplitude)
    turning = tuple(_matmul(odd, part[evens:]) for part in amplitude)
    now = _cubed_waves(*(s + t for s, t in zip(steady, turning)))
    later = _cubed_waves(*(s - t for s, t in zip(steady, turning)))
    share = 1 / products.samples
    re, im = (
        jnp.concatenate([_matmul(share * even.T, one + other), _matmul(share * odd.T, one - other)])
        for one, other in zip(now, later)
    )
    return re, im


def _waves(products: Products) -> tuple[np.ndarray, np.ndarray]:
    """Cosines, then sines, in the first quarter of a turn: of the even places, of the odd ones."""
    times = 2 * np.pi * (np.arange(products.samples // 4) + 0.5) / products.samples
    angles = times[:, None] * np.asarray(products.places)
    waves = np.concatenate([np.cos(angles), np.sin(angles)])
    odd = np.asarray(products.places) % 2 == 1
    return waves[:, ~odd], waves[:, odd]


def _cubed_waves(re, im) -> Parts:
    """From sums of cosines and of sines to what multiplies them on the way back."""
    half = re.shape[0] // 2
    (cos_re, sin_re), (cos_im, sin_im) = ((part[:half], part[half:]) for part in (re, im))
    after_re, after_im = _with_power(cos_re + sin_im, cos_im - sin_re)
    before_re, before_im = _with_power(cos_re - sin_im, cos_im + sin_re)
    return (
        jnp.concatenate([after_re + before_re, before_im - after_im]),
        jnp.concatenate([after_im + before_im, after_re - before_re]),
    )


def _with_power(re, im):
    power = re**2 + im**2
    return power * re, power * im


def _matmul(matrix, values):
    return jnp.matmul(matrix, values, precision=jax.lax.Precision.HIGHEST)


def _times(one, two) -> Parts:
    return one[0] * two[0] - one[1] * two[1], one[0] * two[1] + one[1] * two[0]


def _sum(one, two) -> Parts:
    return one[0] + two[0], one[1] + two[1]
