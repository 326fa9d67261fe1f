r"""What an inference costs (appendix B): powers, the time that they are needed for, and energies.

The powers of tones are those into one resonator, as everywhere in rfjax.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def settling_time(
    frequency: ArrayLike, damping: ArrayLike, lifetimes: ArrayLike = 2 * jnp.pi
) -> Float[Array, "..."]:
    r"""How long resonators are driven until they are read: $T=\frac{n}{\alpha\omega_0}$.

    The thesis writes $T=1/\Gamma_+=1/(\alpha f)$, 100 ns at 1 GHz and $\alpha=0.01$: a $2\pi$ was
    lost, so that these are not one lifetime of the amplitude (15.9 ns) but $n=2\pi$ of them, after
    which $e^{-2\pi}=0.2\%$ of the amplitude are missing.

    **Arguments:** `frequency` $f_0$ in Hz; `damping` $\alpha$; `lifetimes` $n$.

    **Returns:** s.
    """
    return jnp.asarray(lifetimes / (2 * jnp.pi * damping * frequency))


@jax.jit
def amplifier_power(power: ArrayLike, receivers: ArrayLike) -> Float[Array, "..."]:
    r"""What an ideal amplifier of a tone has to be supplied with: $P_{amp}=N\,M\,P$ (B.13–B.16).

    Its power is divided evenly among the $N$ resonators in series of $M$ chains in parallel:
    $P_{res}=P_{osc}G/(NM)$ (B.14), of which all are to receive $P$.

    **Arguments:** `power` $P$ into one resonator, W; `receivers` $NM$: how many resonators it
    passes through.

    **Returns:** W.
    """
    return jnp.asarray(receivers * jnp.asarray(power))


@jax.jit
def power_for_voltage(
    voltage: ArrayLike, sensitivity: ArrayLike, resonators: ArrayLike
) -> Float[Array, "..."]:
    r"""The power into one resonator at which a chain reaches a voltage: $\frac{U}{N\,K_{SD}}$
    (B.15).

    All $N$ weights being one, and all tones at full power. With $U=1$ mV and
    $K_{SD}=10^4$ V/W the amplifiers of $N$ tones need 100 nW for each of the $NM$ synapses (B.16),
    in 100 ns 10 fJ; the summary of the thesis has 14 fJ.

    **Arguments:** `voltage` $U$ in V; `sensitivity` $K_{SD}$ in V/W (B.9); `resonators` $N$ of a
    chain.

    **Returns:** W.
    """
    return jnp.asarray(voltage / (resonators * jnp.asarray(sensitivity)))


@jax.jit
def oscillator_power(
    supercriticality: ArrayLike, threshold_current: ArrayLike, resistance: ArrayLike
) -> Float[Array, "..."]:
    r"""The direct power of an oscillator: $P=R\,(\zeta I_{th})^2$ (B.17).

    At $\zeta=4$, $RA=10^{-12}$ Ω·m², $J_{th}=10^{10}$ A/m² and an area of $\pi(20\,\mathrm{nm})^2$
    it is 2.0 µW, and 201 fJ in 100 ns; printed are 1.3 µW and 130 fJ. The text calls 20 nm the
    diameter, (B.12) and (B.17) compute with it as the radius.

    **Arguments:** `supercriticality` $\zeta=I/I_{th}$; `threshold_current` $I_{th}$ in A;
    `resistance` $R$ in Ω.

    **Returns:** W.
    """
    return jnp.asarray(resistance) * jnp.square(supercriticality * jnp.asarray(threshold_current))


@jax.jit
def occupied_bandwidth(
    lowest: ArrayLike, highest: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""The band that tones and the lines of their resonators take: $f_2-f_1+\alpha(f_1+f_2)$.

    From a half width at half maximum, $\alpha f$, below the lowest tone to one above the highest.

    **Arguments:** `lowest` $f_1$ and `highest` $f_2$ tone in Hz; `damping` $\alpha$.

    **Returns:** Hz.
    """
    lowest, highest = jnp.asarray(lowest), jnp.asarray(highest)
    return highest - lowest + damping * (lowest + highest)
