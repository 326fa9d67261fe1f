r"""The linear spin diode as a pole of the frequency, expanded where tones are far from it.

A resonator at $f_k/(1+\alpha\delta)$, detuned from its own tone $f_k$, has its pole at
$z=\frac{f_k(1-i\alpha)}{1+\alpha\delta}$, and (3.15) is
$V/P=\frac{\beta}{2\pi}\mathrm{Re}\frac{\xi_A+i\xi_S}{f-z}$. About the own tone

$$\frac{1}{f-z}=\sum_m\frac{(z-f_k)^m}{(f-f_k)^{m+1}}:$$

matrices that know the tones alone, times *moments* that know the resonator alone.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float


def offset_from_tone(
    tone: ArrayLike, own: ArrayLike, detuning: ArrayLike, damping: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""How far the pole of a resonator lies from a tone, $(z-f)/f$.

    **Arguments:**

    - `tone` $f$ and `own` $f_k$, the tone that the detuning is counted from, in Hz.
    - `detuning` $\delta$ in linewidths of the resonance reached.
    - `damping` $\alpha$.

    **Returns:** real and imaginary part, without unit.
    """
    over = 1 + damping * detuning
    difference = (own - tone) / tone  # exact, and zero as a rule
    real = (difference - damping * detuning) / over
    return jnp.asarray(real), jnp.asarray(-damping * (1 + difference) / over)


def moments(
    tone: ArrayLike,
    offset: tuple[Float[Array, "..."], Float[Array, "..."]],
    rectification: ArrayLike,
    torques: tuple[ArrayLike, ArrayLike],
    order: int,
) -> list[Float[Array, "..."]]:
    r"""The moments $\frac{\beta}{2\pi f}\mathrm{Re}[(\xi_A+i\xi_S)(\frac{z-f}{f})^m]$.

    **Arguments:**

    - `tone` $f$ in Hz, about which the response is expanded.
    - `offset` $(z-f)/f$ of the pole, real and imaginary part.
    - `rectification` $\beta$ in rad·C⁻¹; `torques`: $\xi_A$ and $\xi_S$.
    - `order`: how many terms, from $m=0$.

    **Returns:** V/W, one array for each order.
    """
    across, along = offset
    size = rectification / (2 * jnp.pi * tone)
    real, imaginary = (size * torque for torque in torques)
    found: list[Array] = []
    for _ in range(order):
        found.append(jnp.asarray(real + jnp.zeros_like(across)))
        real, imaginary = _times((real, imaginary), (across, along))
    return found


def growing_moments(
    tone: ArrayLike,
    offset: tuple[Float[Array, "..."], Float[Array, "..."]],
    size: ArrayLike,
    width: ArrayLike,
    nonlinear: tuple[ArrayLike, ArrayLike],
    torques: tuple[ArrayLike, ArrayLike],
    order: int,
) -> list[Float[Array, "..."]]:
    r"""The moments of what a resonator rectifies beyond (3.15), to first order in the power.

    With $p\approx\frac{s}{1+x_0^2}$ the excess of (5.10) is
    $s\,\mathrm{Re}\frac{(\xi_A+i\xi_S)(n-iQ)}{(x_0+i)^3(x_0-i)}$, with poles at $z$ and $\bar z$:
    it begins with the fourth power of $\frac{f}{f_i-f}$.

    **Arguments:**

    - `tone` $f$ in Hz, about which the response is expanded.
    - `offset` $(z-f)/f$ of the pole, real and imaginary part.
    - `size` $\beta\,s$ of one watt, in rad·C⁻¹·W⁻¹; `width`: the linewidth over the tone.
    - `nonlinear`: $n$ and $Q$; `torques`: $\xi_A$ and $\xi_S$.
    - `order`: how many terms, from the power four of the ratio.

    **Returns:** V/W², one array for each order, by which the powers of `tone_ratios` from the
    fourth on are multiplied.
    """
    across, along = offset
    (shift, growth), (antisymmetric, symmetric) = nonlinear, torques
    front = size * width**3 / (2 * jnp.pi * tone)
    real = front * (antisymmetric * shift + symmetric * growth)
    imaginary = front * (symmetric * shift - antisymmetric * growth)
    one, none = jnp.ones_like(across), jnp.zeros_like(across)
    # The series of the conjugate pole, times that of the pole, three times.
    series = [(one, none)]
    for _ in range(order - 1):
        series.append(_times(series[-1], (across, -along)))
    for _ in range(3):
        for m in range(1, order):
            carried = _times(series[m - 1], (across, along))
            series[m] = series[m][0] + carried[0], series[m][1] + carried[1]
    return [jnp.asarray(real * each[0] - imaginary * each[1]) for each in series]


def _times(one, other):
    """The product of complex numbers, as pairs."""
    return one[0] * other[0] - one[1] * other[1], one[0] * other[1] + one[1] * other[0]


def tone_ratios(tones: Float[Array, " tones"], near: int) -> Float[Array, "tones own"]:
    r"""The ratios $\frac{f_k}{f_i-f_k}$ of tones that are not neighbours, zero for those that are.

    **Arguments:** `tones` in Hz; `near`: how many places in the list neighbours are apart at most.

    **Returns:** a matrix, for each tone $i$ (rows) and own tone $k$ (columns), without unit.
    """
    place = np.arange(len(tones))
    far = np.abs(place[:, None] - place) > near
    difference = jnp.where(far, tones[:, None] - tones, 1.0)
    return jnp.where(far, tones / difference, 0.0)


def truncation(
    tones: Float[np.ndarray, " tones"],
    damping: Float[np.ndarray, " tones"],
    half_width: float,
) -> Float[np.ndarray, "tones own"]:
    r"""How much each further order of the expansion is smaller than the one before, at most.

    $\left|\frac{z-f_k}{f_i-f_k}\right|\le\frac{\alpha\sqrt{1+h^2}}{1-\alpha h}
    \left|\frac{f_k}{f_i-f_k}\right|$ for detunings up to $h$ linewidths.

    **Arguments:** `tones` in Hz; `damping` $\alpha$ of the resonators; `half_width` $h$.

    **Returns:** ratios, tones in rows; infinite where the expansion does not converge at all.
    """
    reached = 1 - damping * half_width
    difference = np.abs(tones[:, None] - tones)
    with np.errstate(divide="ignore", invalid="ignore"):
        farthest = damping * np.sqrt(1 + half_width**2) / reached
        ratio = farthest * tones / difference
    return np.where((difference > 0) & (reached > 0), ratio, np.inf)
