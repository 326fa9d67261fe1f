r"""Devices of the thesis, by their printed numbers.

What the thesis does not print is chosen here, and each docstring says so.

```python
from rfjax.devices import presets

chain = presets.vortex_resonators()
neuron = presets.vortex_oscillator()
folds = chain.fold_power  # W, of each
```
"""

import math

from rfjax.devices.oscillator import Oscillator
from rfjax.devices.resonator import Resonator
from rfjax.laws import auto_oscillator, spin_diode

VORTEX_CURRENT = 5e-3  # A, of the oscillator of chapter IV, printed in 4.2.2
VORTEX_FREQUENCY = 232e6  # Hz, of its free oscillation at that current, printed there
PILLAR_AREA = math.pi * 20e-9**2  # m² (B.12)
PILLAR_RESISTANCE = 1e-12 / PILLAR_AREA  # Ω, from the printed 1e-12 Ω·m² (B.12)
PILLAR_THRESHOLD = 10e-6  # A (B1)


def vortex_oscillator() -> Oscillator:
    r"""The vortex oscillator of chapter IV: 232 MHz at 5 mA.

    A junction of 350 nm, whose free oscillation at `VORTEX_CURRENT` has 232 MHz, an emitted power
    near 1 µW and a line near 1 MHz (4.2.2), and which locks over 7 MHz (4.3).

    The thesis prints no parameters of it. $Q=2$ is that of section 6.1.4.1. Chosen are a threshold
    of 2.5 mA, half of the current; $\alpha=0.05$, so that the locking range is narrow against the
    linewidth; and $N=0.25$, with which $\nu=1.25$ at 5 mA. Frequency at threshold and $\sigma$
    follow from these.

    To lock over 7 MHz takes a force of $F/\sqrt p=0.2\,\Gamma_0$, at which `locking_range`, of
    first order in the force, is off: the edge below the free-running frequency lies 10 % farther
    away, the edge above 6 % nearer.

    **Returns:** one oscillator.
    """
    damping, shift, growth, ratio = 0.05, 0.25, 2.0, 2.0
    power = auto_oscillator.steady_power(ratio, growth)
    free, at_rest = (auto_oscillator.angular_frequency(p, 1.0, shift) for p in (power, 0.0))
    frequency = VORTEX_FREQUENCY * at_rest / free
    width = auto_oscillator.linewidth(frequency, damping)
    return Oscillator(frequency, damping, shift, growth, width * ratio / VORTEX_CURRENT)


def vortex_resonator() -> Resonator:
    r"""The single vortex resonator of section 5.3.1, at its tone of 346 MHz.

    A junction of 250 nm. A field line moves its resonance about the tone of 346 MHz (Fig. 37); the
    resonance itself is shown in Fig. 36 but not printed. $\gamma=2\cdot10^8$, "chosen to match
    experimental data" (5.4.1.1), and $\beta=6\cdot10^7$, which gives "close to" its sensitivity
    (5.2.1), are those of the thesis' simulations, as are $N=0.1$, $Q=1$ (5.4.1.1.2) and
    $\alpha=0.01$ (5.4.4.1); none is printed for this sample itself.

    **Returns:** one resonator.
    """
    return Resonator(346e6)


def vortex_resonators() -> Resonator:
    r"""The chain of two vortex resonators of section 5.3.2, at 174 and 540 MHz.

    Junctions of 450 and 350 nm, wired head to tail, under tones of 2 to 12 µW that match their
    resonances (5.3.2.3). Other parameters as of `vortex_resonator`.

    **Returns:** resonators of shape (2,).
    """
    return Resonator([174e6, 540e6])


def gigahertz_junction() -> Resonator:
    r"""The 1 GHz junction of appendix B, in which the nonlinearity shows at a tenth of a microwatt.

    A pillar of 20 nm radius (B.12), estimated in the thesis and not measured: $\alpha=0.01$ at 1
    GHz (6.1.3), a threshold current of 10 µA and $\Delta R\,\beta_s/R=1$ (B1), 1e-12 Ω·m² (B.12).
    From (B.2)–(B.4) with $\tan\gamma_p=1$ the field-like torque has the efficiency
    $\sigma_{FL}=\Gamma_0/(2\sqrt2I_{th})$, force over amplitude of the current (A.6, B.2). One
    of amplitude $I$ brings the mean power $P=RI^2/2$, for which (B.7) has $RI^2$, so that
    $\gamma=\sqrt2\,\sigma_{FL}/\sqrt R$ and $\beta=\gamma^2\Delta R\,\beta_s/(2\sigma_{FL})$: a
    sensitivity of 17.7 mV/µW, twice that of (B.9), which (B.10) rounds to 10. It is driven 560
    times as hard as `vortex_resonator` at the same power, and folds over from 0.088 µW on. Chosen:
    $N=0.1$ and $Q=1$, those of 5.4.1.1.2.

    **Returns:** one resonator.
    """
    frequency, damping = 1e9, 0.01
    efficiency = float(auto_oscillator.linewidth(frequency, damping)) / PILLAR_THRESHOLD
    efficiency /= 2 * math.sqrt(2)
    drive = math.sqrt(2 / PILLAR_RESISTANCE) * efficiency  # P = RI²/2
    rectification = spin_diode.rectification(drive, PILLAR_RESISTANCE, 1.0, efficiency)
    return Resonator(frequency, damping, rectification=rectification, drive=drive)
