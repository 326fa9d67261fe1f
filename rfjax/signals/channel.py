"""What happens to a signal between transmitter and receiver."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Key

from rfjax.checks import (
    check_fit,
    finite,
    finite_parts,
    non_negative_integer,
    non_negative_number,
    random_key,
    where_valid,
)
from rfjax.laws import modulation as law
from rfjax.printing import described


class Channel(eqx.Module):
    r"""Fading, an oscillator of the receiver that is off, and noise.

    Each row draws its phase, its offset and its paths anew. The signal-to-noise ratio is that of
    the mean power before fading to the noise in all of the sampled band.

    **Arguments:**

    - `offset`: the largest offset of the carrier to either side, in cycles a sample; offsets are as
      frequent everywhere below.
    - `paths`: of a fading channel, which reach the receiver from random directions; zero: none
      fades.
    - `doppler`: the largest Doppler shift of a path, in cycles a sample.

    **Raises:** `InvalidInput` naming the argument, its value and what is allowed.
    """

    offset: float = eqx.field(
        static=True, converter=partial(non_negative_number, "offset"), default=0.0
    )
    paths: int = eqx.field(static=True, converter=partial(non_negative_integer, "paths"), default=0)
    doppler: float = eqx.field(
        static=True, converter=partial(non_negative_number, "doppler"), default=0.0
    )

    __repr__ = described

    def __call__(
        self, samples: ArrayLike, signal_to_noise: ArrayLike, *, key: Key[Array, ""]
    ) -> Complex[Array, "*b n"]:
        """The samples that are received.

        **Arguments:** `samples`: sent, complex, (*b, n), of a mean power of one; `signal_to_noise`:
        dB, one for all or one for each row; `key` of the draw.

        **Returns:** samples, (*b, n).

        **Raises:** `InvalidInput` for values that are not finite or of which the samples are not,
        or shapes that do not fit.
        """
        samples = jax.lax.complex(*finite_parts("samples", samples))
        ratio = finite("signal_to_noise", signal_to_noise)
        check_fit("signal_to_noise", ratio, samples.shape[:-1], "one number, or one for each row")
        parts, held = self._received(samples, ratio, random_key("key", key))
        message = (
            f"what is received leaves the range of {parts.dtype}; give a higher signal_to_noise, "
            "or samples of a mean power of one"
        )
        return jax.lax.complex(*where_valid(parts, held, message))

    @eqx.filter_jit
    def _received(
        self, samples, ratio: Float[Array, "..."], key
    ) -> tuple[Float[Array, "2 *b n"], Bool[Array, "1 *b 1"]]:
        """Real and imaginary parts, and in which rows all of them are finite."""
        rows, kind = samples.shape[:-1], samples.real.dtype
        turning, moved, arriving, fading, noisy = jax.random.split(key, 5)
        if self.paths:
            full = 2 * jnp.pi
            directions, phases = (
                jax.random.uniform(each, (*rows, self.paths), kind, 0, full)
                for each in (arriving, fading)
            )
            samples = samples * law.fading_gain(samples.shape[-1], self.doppler, directions, phases)
        phase = jax.random.uniform(turning, rows, kind, 0, 2 * jnp.pi)
        offset = jax.random.uniform(moved, rows, kind, -self.offset, self.offset)
        noise = jax.random.normal(noisy, (2, *samples.shape), kind) * jnp.sqrt(
            law.noise_power(jnp.ones((), kind), ratio)[..., None] / 2
        )
        turned = law.carrier_offset(samples, offset, phase)
        parts = noise + jnp.stack([turned.real, turned.imag])
        return parts, jnp.isfinite(parts).all((0, -1), keepdims=True)
