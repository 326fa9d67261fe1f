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
def reading_energy(
    linewidth: ArrayLike, drive: ArrayLike, thermal_power: ArrayLike
) -> Float[Array, "..."]:
    r"""The energy of a tone at which one resonator reads as much signal as thermal noise:
    $E_1=\frac{2\Gamma_0p_T}{\gamma^2}$.

    Signal and scatter of a long reading at low power, $\frac{\beta P}{2\Gamma_0}$ at a detuning of
    one linewidth and $\frac\beta\gamma\sqrt{\frac{P\,p_T}{2\Gamma_0t}}$, are in the ratio
    $\sqrt{E/E_1}$ with $E=Pt$, however it is shared between power and time. A wider junction
    holds more energy, $p_T\propto1/E_0$, and is driven less, $\gamma^2\propto1/E_0$: its area is no
    way out, less damping and a thinner layer are.

    **Arguments:** `linewidth` $\Gamma_0$ in rad/s; `drive` $\gamma$ in rad·Hz·W^(−1/2);
    `thermal_power` $p_T$.

    **Returns:** J into one resonator.
    """
    return jnp.asarray(2 * thermal_power / jnp.asarray(drive) * (linewidth / jnp.asarray(drive)))


@jax.jit
def best_linewidth(
    power: ArrayLike,
    drive: ArrayLike,
    thermal_power: ArrayLike,
    ratio: ArrayLike,
    lifetimes: ArrayLike = 2 * jnp.pi,
) -> Float[Array, "..."]:
    r"""The linewidth at which settling and reading take the least time together:
    $\Gamma=\frac\gamma r\sqrt{\frac{nP}{2p_T}}$.

    Settling takes $n/\Gamma$, and a reading that stands $r$ times above thermal noise
    $r^2\,\frac{2\Gamma p_T}{\gamma^2P}$ (`reading_energy`): what settles sooner has to be read for
    longer. At the best linewidth both take $\frac r\gamma\sqrt{2np_T/P}$.

    **Arguments:** `power` $P$ into one resonator, W; `drive` $\gamma$ in rad·Hz·W^(−1/2);
    `thermal_power` $p_T$; `ratio` $r$ of signal to scatter; `lifetimes` $n$ of settling.

    **Returns:** $\Gamma_0$, rad/s.
    """
    return jnp.asarray(drive / jnp.asarray(ratio) * jnp.sqrt(lifetimes * power / 2 / thermal_power))


@jax.jit
def power_for_voltage(
    voltage: ArrayLike, sensitivity: ArrayLike, resonators: ArrayLike
) -> Float[Array, "..."]:
    r"""The power into one resonator at which a chain reaches a voltage: $\frac{U}{N\,K_{SD}}$
    (B.15).

    All $N$ weights being one, and all tones at full power. With $U=1$ mV and
    $K_{SD}=10^4$ V/W the amplifiers of $N$ tones need 100 nW for each of the $NM$ synapses (B.16),
    in 100 ns 10 fJ; the summary of the thesis has 14 fJ, as 7.0e3 V/W gives: see
    `diode_sensitivity`.

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
    return joule_power(supercriticality * jnp.asarray(threshold_current), resistance)


@jax.jit
def joule_power(current: ArrayLike, resistance: ArrayLike) -> Float[Array, "..."]:
    r"""What a current leaves in a resistance: $RI^2$.

    **Arguments:** `current` $I$ in A, direct or root-mean-square; `resistance` $R$ in Ω.

    **Returns:** W.
    """
    return jnp.asarray(resistance) * jnp.square(jnp.asarray(current))


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


@jax.jit
def threshold_current(density: ArrayLike, area: ArrayLike) -> Float[Array, "..."]:
    r"""The threshold current of a junction from its density: $I_{th}=J_{th}A$ (B.12).

    $10^{10}$ A/m² and $\pi(20\,\mathrm{nm})^2$ make 12.6 µA, where the text of B1 rounds to 10 µA.

    **Arguments:** `density` $J_{th}$ in A/m²; `area` $A$ in m².

    **Returns:** A.
    """
    return jnp.asarray(density * jnp.asarray(area))


@jax.jit
def diode_sensitivity(
    magnetoresistance: ArrayLike,
    threshold_current: ArrayLike,
    angle: ArrayLike = jnp.pi / 4,
    shape: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    r"""The volts per watt of a spin diode whose weight is one:
    $K_{SD}=\frac{\Delta R}R\frac1{I_{th}}\frac{\tan\gamma_p}{8\sqrt2}\beta_s$ (B.9).

    From the field-like torque $\sigma_{FL}=\sigma_{STT}\frac{\tan\gamma_p}{2\sqrt2}$ (B.3) and
    $\sigma_{STT}=\Gamma_+/I_{th}$ (B.4). At $\Delta R/R=1$, $\gamma_p=\pi/4$ and 12.6 µA it is
    7.0e3 V/W; printed is 1e4 (B.10), from 10 µA and 0.1 for $\frac1{8\sqrt2}=0.088$.

    **Arguments:** `magnetoresistance` $\Delta R/R$; `threshold_current` $I_{th}$ in A; `angle`
    $\gamma_p$ of polarisation, rad; `shape` $\beta_s$.

    **Returns:** V/W.
    """
    geometry = jnp.tan(jnp.asarray(angle)) / (8 * jnp.sqrt(2.0)) * shape
    return jnp.asarray(magnetoresistance * geometry / threshold_current)


@jax.jit
def load_resistance(
    resistance: ArrayLike, resonators: ArrayLike, chains: ArrayLike
) -> Float[Array, "..."]:
    r"""The load of an amplifier that drives chains in parallel: $R_{load}=\frac NMR$ (B.13).

    **Arguments:** `resistance` $R$ of a resonator, Ω; `resonators` $N$ in series in each chain;
    `chains` $M$ in parallel.

    **Returns:** Ω.
    """
    return jnp.asarray(resistance * jnp.asarray(resonators) / chains)


@jax.jit
def tone_current(power: ArrayLike, load: ArrayLike) -> Float[Array, "..."]:
    r"""The root-mean-square current of a tone into a load: $I=\sqrt{P/R_{load}}$ (B.13).

    Divided among $M$ chains it leaves $R(I/M)^2=\frac P{NM}$ in each resonator (B.14).

    **Arguments:** `power` $P$ in W; `load` $R_{load}$ in Ω.

    **Returns:** A.
    """
    return jnp.sqrt(power / jnp.asarray(load))


@jax.jit
def amplifier_gain(
    voltage: ArrayLike, sensitivity: ArrayLike, emitted: ArrayLike, chains: ArrayLike
) -> Float[Array, "..."]:
    r"""The gain of power at which full chains reach a voltage: $G=\frac{UM}{K_{SD}P_{osc}}$ (B.15).

    **Arguments:** `voltage` $U$ in V; `sensitivity` $K_{SD}$ in V/W; `emitted` $P_{osc}$ of one
    oscillator, W; `chains` $M$.

    **Returns:** a ratio of powers.
    """
    return jnp.asarray(voltage / jnp.asarray(sensitivity) * chains / emitted)


@jax.jit
def emitted_power_as_printed(
    power: ArrayLike,
    supercriticality: ArrayLike,
    threshold_current: ArrayLike,
    resistance: ArrayLike,
    swing: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    r"""The power of an oscillator as the thesis counts it:
    $p\,\zeta^2RI_{th}^2(\frac{\Delta R}R\beta_s)^2$ (B.11).

    The square of a peak voltage over the resistance: a matched load gets an eighth of it, see
    `rfjax.laws.magnetoresistance.emitted_power`. 1.0 µW in (B.12), 126 nW in a load.

    **Arguments:** `power` $p$; `supercriticality` $\zeta$; `threshold_current` $I_{th}$ in A;
    `resistance` $R$ in Ω; `swing` $\frac{\Delta R}R\beta_s$.

    **Returns:** W.
    """
    direct = oscillator_power(supercriticality, threshold_current, resistance)
    return jnp.asarray(power * direct * jnp.square(swing))


@jax.jit
def inference_energy(
    synapses: ArrayLike, neurons: ArrayLike, synapse: ArrayLike, neuron: ArrayLike
) -> Float[Array, "..."]:
    r"""The energy of a presentation: $N_sE_s+N_nE_n$ (6.1.3, 6.3.4).

    238,200 synapses of 10 fJ and 1,084 neurons of 130 fJ take 25 µJ for 10,000 images, of 201 fJ
    26 µJ; 6 million and 7,792 take 610 µJ, and 616 µJ.

    **Arguments:** `synapses` $N_s$ and `neurons` $N_n$: how many; `synapse` $E_s$ and `neuron`
    $E_n$ in J.

    **Returns:** J.
    """
    return jnp.asarray(synapses * jnp.asarray(synapse) + neurons * jnp.asarray(neuron))
