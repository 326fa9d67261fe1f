r"""Digital and analogue modulation of a carrier, as complex samples beside it.

A signal $s(t)=\mathrm{Re}[x(t)e^{2\pi if_ct}]$ is told by its complex envelope $x$, of a mean power
of one here. See Proakis and Salehi, *Digital Communications*, 5th edition, chapters 3, 9 and 13.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int


def phase_shift_keying(symbols: Int[Array, "*b n"], order: int) -> Complex[Array, "*b n"]:
    r"""Points on a circle, $e^{2\pi ik/M}$, turned by half a step from $M=4$ on.

    **Arguments:** `symbols` $k$, 0 to $M-1$; `order` $M$, as 2, 4 or 8.

    **Returns:** points of power one.
    """
    turned = 0.0 if order == 2 else 0.5
    return jnp.exp(2j * jnp.pi * (symbols + turned) / order)


def quadrature_amplitude(symbols: Int[Array, "*b n"], order: int) -> Complex[Array, "*b n"]:
    r"""Points of a square grid, $(2a-m+1)+i(2b-m+1)$ over $\sqrt{2(M-1)/3}$, $m=\sqrt M$.

    **Arguments:** `symbols` $k=am+b$, 0 to $M-1$; `order` $M$, a square, as 16.

    **Returns:** points of a mean power of one where all are as frequent.
    """
    side = round(order**0.5)
    real, imaginary = (2 * each - side + 1 for each in (symbols // side, symbols % side))
    return (real + 1j * imaginary) / np.sqrt(2 * (order - 1) / 3)


def root_raised_cosine(
    time: Float[Array | np.ndarray, "*n"], roll_off: float
) -> Float[np.ndarray, "*n"]:
    r"""The pulse whose convolution with itself is zero at all other symbols.

    $h(t)=\frac{\sin(\pi t(1-\beta))+4\beta t\cos(\pi t(1+\beta))}{\pi t(1-(4\beta t)^2)}$, with its
    limits at $t=0$ and $|t|=1/4\beta$.

    **Arguments:** `time` $t$, in durations of a symbol; `roll_off` $\beta$, above 0, up to 1.

    **Returns:** the pulse, of energy one per duration of a symbol.
    """
    t = np.asarray(time, np.float64)
    start, edge = np.abs(t) < 1e-9, np.abs(np.abs(4 * roll_off * t) - 1) < 1e-9
    safe = np.where(start | edge, 0.3 / roll_off, t)
    scaled = 4 * roll_off * safe
    pulse = np.sin(np.pi * safe * (1 - roll_off)) + scaled * np.cos(np.pi * safe * (1 + roll_off))
    pulse = pulse / (np.pi * safe * (1 - scaled**2))
    angle = np.pi / (4 * roll_off)
    at_edge = (1 + 2 / np.pi) * np.sin(angle) + (1 - 2 / np.pi) * np.cos(angle)
    pulse = np.where(edge, roll_off / np.sqrt(2) * at_edge, pulse)
    return np.where(start, 1 - roll_off + 4 * roll_off / np.pi, pulse)


def shaped(
    points: Complex[Array, "*b symbols"], pulse: Float[np.ndarray, " taps"], samples_per_symbol: int
) -> Complex[Array, "*b n"]:
    r"""Symbols as a waveform, $x(t)=\sum_ka_kh(t-kT)$, where all pulses that reach it are there.

    **Arguments:** `points` $a_k$; `pulse` $h$, an odd number of samples; `samples_per_symbol`.

    **Returns:** samples, (*b, symbols·samples_per_symbol − taps + 1).
    """
    spread = jnp.zeros((*points.shape, samples_per_symbol), points.dtype).at[..., 0].set(points)
    impulses = spread.reshape(*points.shape[:-1], -1)
    rows = impulses.reshape(-1, impulses.shape[-1])
    taps = jnp.asarray(pulse, points.real.dtype)
    real, imaginary = (_convolved(each, taps) for each in (rows.real, rows.imag))
    return (real + 1j * imaginary).reshape(*points.shape[:-1], -1)


_convolved = jax.vmap(partial(jnp.convolve, mode="valid"), (0, None))


def frequency_modulation(message: Float[Array, "*b n"], deviation: float) -> Complex[Array, "*b n"]:
    r"""A frequency that follows a message, $x_t=\exp(2\pi i\Delta f\sum_{s\le t}m_s)$.

    Frequency-shift keying is the modulation by a message of steps, its phase continuous.

    **Arguments:** `message` $m$; `deviation` $\Delta f$ for a message of one, in cycles a sample.

    **Returns:** samples of power one.
    """
    return jnp.exp(2j * jnp.pi * deviation * jnp.cumsum(message, axis=-1))


def amplitude_modulation(message: Float[Array, "*b n"], index: float) -> Complex[Array, "*b n"]:
    r"""An amplitude that follows a message beside its carrier, $x=(1+hm)/\sqrt{1+h^2}$.

    **Arguments:** `message` $m$, of a mean of zero and a mean square of one; `index` $h$.

    **Returns:** samples of a mean power of one; their phase is constant.
    """
    return ((1 + index * message) / np.sqrt(1 + index**2)).astype(jnp.result_type(message, 1j))


def carrier_offset(
    samples: Complex[Array, "*b n"], offset: Float[Array, "*b"], phase: Float[Array, "*b"]
) -> Complex[Array, "*b n"]:
    r"""What a receiver gets whose oscillator is off, $x_te^{i(2\pi\delta t+\varphi)}$.

    **Arguments:** `samples`; `offset` $\delta$, in cycles a sample; `phase` $\varphi$, rad.
    """
    turned = 2 * jnp.pi * offset[..., None] * jnp.arange(samples.shape[-1]) + phase[..., None]
    return samples * jnp.exp(1j * turned)


def fading_gain(
    count: int,
    doppler: float,
    arrivals: Float[Array, "*b paths"],
    phases: Float[Array, "*b paths"],
) -> Complex[Array, "*b {count}"]:
    r"""The gain of a channel of many paths that reach a receiver in motion.

    $g_t=P^{-1/2}\sum_p e^{i(2\pi f_Dt\cos\theta_p+\psi_p)}$ over $P$ paths. For many of them, from
    all directions, it is a Rayleigh channel with the spectrum of Clarke and Jakes, of mean power
    one, $\langle g_{t+\tau}g_t^*\rangle=J_0(2\pi f_D\tau)$.

    **Arguments:** `count` of samples; `doppler` $f_D$, in cycles a sample; `arrivals` $\theta_p$
    and `phases` $\psi_p$ of the paths, rad.
    """
    shifts = 2 * jnp.pi * doppler * jnp.cos(arrivals)
    turned = shifts[..., None, :] * jnp.arange(count)[:, None] + phases[..., None, :]
    return jnp.exp(1j * turned).sum(-1) / np.sqrt(arrivals.shape[-1])


def noise_power(
    power: Float[Array, "..."], signal_to_noise: Float[Array, "..."]
) -> Float[Array, "..."]:
    r"""The power of the noise in all of the sampled band, $P_n=P\,10^{-\mathrm{SNR}/10}$.

    **Arguments:** `power` $P$ of the signal; `signal_to_noise`, dB.
    """
    return power * 10 ** (-signal_to_noise / 10)
