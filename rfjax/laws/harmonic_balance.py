r"""The periodic steady state of a driven resonator, as the Fourier coefficients of its amplitude.

In reduced variables, time in units of $1/\Gamma_0$, $a(t)=\sum_kA_ke^{-ikst}$ obeys
$$[1+i(\delta-ks)]A_k+[(Q+in)\,|a|^2a]_k=\varphi_k$$
for every product $k$ of the tones: (3.3) with $\delta$ the resonance at rest, in a frame that
rotates with a tone, and $\varphi_k$ the force.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float

from rfjax.checks import where_valid
from rfjax.laws.intermodulation import Products
from rfjax.numerics.fixed_point import Parts, accelerated
from rfjax.numerics.implicit import implicit_root

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

    The nonlinear term is computed in time. The effective power of every harmonic counts the mean
    power twice, so that $1+i(\delta-ks)+2(Q+in)\langle|a|^2\rangle$ is what each step divides by;
    Anderson's acceleration does the rest. The derivative is implicit: one linear solve.

    **Arguments:** `balance`; real and imaginary part of the `force` $\varphi$ of every tone;
    `offset` $\delta$ and `spacing` $s$ in linewidths; `damping` $Q$ and `shift` $n$ per power of
    the amplitude in the units of the force.

    **Returns:** real and imaginary parts, for the products of the last level; NaN in lanes where no
    periodic state was reached.
    """
    arguments = force, offset, spacing, damping, shift
    return implicit_root(
        partial(_solve, balance),
        partial(_residual, balance.levels[-1]),
        partial(_divide, balance),
        arguments,
    )


def _solve(balance, *arguments):
    force, *rest = arguments

    def level(products):
        pushed = _pushed(products, force)

        def correction(amplitude):
            excess = _excess(products, amplitude, pushed, *rest)
            response = _response(products, amplitude, *rest)
            return _times(response, tuple(-part for part in excess))

        return correction

    pushed = _pushed(balance.levels[0], force)
    at_rest = tuple(jnp.zeros_like(part) for part in pushed)
    start = _times(_response(balance.levels[0], at_rest, *rest), pushed)
    point, converged = _refined(balance, start, [level(products) for products in balance.levels])
    return jnp.where(converged, point, jnp.nan)


def _residual(products, amplitude, force, *rest):
    return jnp.stack(_excess(products, tuple(amplitude), _pushed(products, force), *rest))


def _divide(balance, amplitude, arguments, right):
    """The inverse Jacobian, or its transpose, applied by the same iteration as the solution."""
    _, offset, spacing, damping, shift = arguments

    def matrix(products, transposed, coarse):
        r"""The Jacobian: what it does in time, $2|a|^2v+a^2v^*$, is its own transpose."""
        wave = _in_time(products, coarse)
        power, square = 2 * (wave.real**2 + wave.imag**2), wave**2

        def through_time(vector):
            moved = _in_time(products, vector)
            return _of_products(products, power * moved + square * moved.conj())

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
        re, im = _response(products, coarse, *arguments[1:])
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
        corrections = [correction for _, correction in levels]
        point, converged = _refined(balance, levels[0][0], corrections)
        return size * where_valid(
            point,
            converged,
            "the derivative of a periodic state was not found: the tones are too strong for "
            "harmonic balance; lower the powers or the nonlinear shift, or integrate with Dynamic",
        )

    whole = matrix(balance.levels[-1], False, tuple(amplitude))
    return jax.lax.custom_linear_solve(
        lambda vector: jnp.stack(whole(tuple(vector))),
        right,
        partial(solve, False),
        partial(solve, True),
    )


def _refined(
    balance, start: Parts, corrections
) -> tuple[Float[Array, "2 products lanes"], Bool[Array, " lanes"]]:
    """The fixed point of every level from that of the one before, and where it was reached."""
    tolerance = max(balance.tolerance, 16 * float(jnp.finfo(start[0].dtype).eps))
    converged, coarse = jnp.asarray(False), balance.levels[0]
    for number, (products, correction) in enumerate(zip(balance.levels, corrections)):
        among, size = _among(coarse, products), (len(products.places), start[0].shape[-1])
        start = tuple(jnp.zeros(size, part.dtype).at[among].set(part) for part in start)
        share = (number + 1) / len(balance.levels)
        start, converged, _ = accelerated(correction, start, tolerance**share, _MOST_STEPS)
        coarse = products
    return jnp.stack(start), jnp.asarray(converged)


def _among(coarse: Products, fine: Products) -> np.ndarray:
    """Where some products stand among more."""
    number = {harmonic: index for index, harmonic in enumerate(fine.harmonics)}
    return np.asarray([number[harmonic] for harmonic in coarse.harmonics])


def at_tones(
    products: Products, amplitude: Float[Array, "2 products lanes"]
) -> Float[Array, "2 tones lanes"]:
    """The amplitudes at the tones, out of those of all products."""
    return jnp.stack([_summed(_membership(products).T, part) for part in amplitude])


def _pushed(products: Products, force) -> Parts:
    """The forces of the tones among all products."""
    re, im = (_summed(_membership(products), part) for part in force)
    return re, im


def _membership(products: Products) -> np.ndarray:
    """One where a product is a tone, (products, tones)."""
    return np.arange(len(products.harmonics))[:, None] == np.asarray(products.tones)


def _summed(which: np.ndarray, part):
    # A product, so that tones of one frequency are added in a fixed order, also backwards.
    shares = jnp.asarray(which, part.dtype)
    return jnp.matmul(shares, part, precision=jax.lax.Precision.HIGHEST)


def _excess(products, amplitude: Parts, pushed: Parts, offset, spacing, damping, shift) -> Parts:
    """What is left of the balance of all harmonics."""
    away = _away(products, offset, spacing)
    (re, im), (cubed_re, cubed_im) = amplitude, _cubed(products, amplitude)
    return (
        re - away * im + damping * cubed_re - shift * cubed_im - pushed[0],
        im + away * re + damping * cubed_im + shift * cubed_re - pushed[1],
    )


def _response(products, amplitude: Parts, offset, spacing, damping, shift) -> Parts:
    """The response to a force while the mean power is what it is."""
    effective = 2 * sum(jnp.sum(part**2, axis=0) for part in amplitude)
    width = 1 + damping * effective
    away = _away(products, offset, spacing) + shift * effective
    size = width**2 + away**2
    return width / size, -away / size


def _away(products, offset, spacing):
    harmonics = np.asarray(products.harmonics)[:, None]
    return offset - spacing * jnp.asarray(harmonics, offset.dtype)


def _cubed(products: Products, amplitude: Parts) -> Parts:
    r"""The coefficients of $|a|^2a$, through samples in time."""
    wave = _in_time(products, amplitude)
    return _of_products(products, (wave.real**2 + wave.imag**2) * wave)


def _in_time(products: Products, amplitude: Parts) -> Complex[Array, "lanes samples"]:
    """The samples in one turn, from the coefficients of products."""
    # Gathered from the products, with a zero behind them, where a scatter would go one by one.
    of = np.full(products.samples, len(products.places))
    of[_bins(products)] = np.arange(len(products.places))
    re, im = (jnp.concatenate([part, jnp.zeros_like(part[:1])])[of] for part in amplitude)
    return jnp.fft.fft(jax.lax.complex(re, im).T)


def _of_products(products: Products, wave: Complex[Array, "lanes samples"]) -> Parts:
    """The coefficients of products, from the samples in one turn."""
    coefficients = jnp.fft.ifft(wave).T[_bins(products)]
    return coefficients.real, coefficients.imag


def _bins(products: Products) -> np.ndarray:
    return np.asarray(products.places) % products.samples


def _times(one, two) -> Parts:
    return one[0] * two[0] - one[1] * two[1], one[0] * two[1] + one[1] * two[0]


def _sum(one, two) -> Parts:
    return one[0] + two[0], one[1] + two[1]
