"""The equation of motion of driven devices, composed from its parts."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Int

from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.carrier_frame import CarrierFrame, UnequalCarrierFrame
from rfjax.dynamics.current import ChangingCurrent
from rfjax.dynamics.dense_output import Passed
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.laws import auto_oscillator

LARGEST_POWER = 16.0  # of an oscillation; the model means nothing there, and floats soon end


class _Torque(eqx.Module):
    """The spin torque of a current that changes."""

    current: ChangingCurrent
    efficiency: Float[Array, "..."]


class EquationOfMotion(eqx.Module):
    r"""$\dot a=-(\lambda_0+\lambda_1p)\,a+\sum f$ (3.3), in powers of $p=|a|^2$.

    $a=c\,e^{i\omega_rt}$ is the amplitude in a frame that rotates at its reference frequency.

    **Arguments:** `at_rest` $\lambda_0$ and `growing` $\lambda_1$, rad/s, without the `torque` of
    a current that changes; `actions`: what acts from outside; `frame`; `largest`: the power at
    which the model ends.
    """

    at_rest: Complex[Array, "..."]
    growing: Complex[Array, "..."]
    torque: _Torque | None
    actions: tuple[AbstractAction, ...]
    frame: CarrierFrame | UnequalCarrierFrame
    largest: Float[Array, "..."]

    @classmethod
    def of(
        cls,
        devices: Resonator | Oscillator,
        offset: Float[Array, "..."],
        current: ArrayLike | ChangingCurrent,
        actions: tuple[AbstractAction, ...],
        frame: CarrierFrame | UnequalCarrierFrame,
    ) -> "EquationOfMotion":
        """The equation of resonators or oscillators.

        **Arguments:** `devices`; `offset` of their frequencies at rest from the reference, Hz;
        `current` in A, steady or changing (resonators have none); `actions`; `frame`.
        """
        efficiency = devices.spin_torque_efficiency if isinstance(devices, Oscillator) else 0.0
        changing = isinstance(current, ChangingCurrent)
        gain = auto_oscillator.negative_damping(0.0, 0.0 if changing else current, efficiency)
        at_rest, growing = auto_oscillator.rates(
            devices.frequency,
            devices.damping,
            devices.nonlinear_shift,
            devices.nonlinear_damping,
            gain.astype(devices.frequency.dtype),
            offset,
        )
        torque = _Torque(current, jnp.asarray(efficiency)) if changing else None
        ends = auto_oscillator.power_without_frequency(devices.nonlinear_shift)
        largest = jax.lax.stop_gradient(jnp.minimum(ends, LARGEST_POWER))
        return cls(at_rest, growing, torque, actions, frame, largest)

    def begins(self, amplitude: Amplitude) -> tuple[Any, ...]:
        """What the actions remember at the start."""
        return tuple(action.begins(amplitude) for action in self.actions)

    def at_step(self, number: Int[Array, ""], memories: tuple[Any, ...]) -> tuple[Any, ...]:
        """What stays the same during a step: the current and its slope, then of each action."""
        torque = self.torque
        current = None if torque is None else torque.current.during(number)
        return (
            current,
            *(
                action.at_step(number, memory)
                for action, memory in zip(self.actions, memories, strict=True)
            ),
        )

    def next_memory(
        self, memories: tuple[Any, ...], number: Int[Array, ""], passed: Passed
    ) -> tuple[Any, ...]:
        """What the actions remember after a step."""
        return tuple(
            action.next_memory(memory, number, passed)
            for action, memory in zip(self.actions, memories, strict=True)
        )

    def velocity(
        self, offset: ArrayLike, amplitude: Amplitude, constants: tuple[Any, ...]
    ) -> Amplitude:
        """The rate of change of the amplitude, 1/s, at an offset, s, within a step."""
        re, im = amplitude
        # Within a step that fails, the rates stay finite, and so do derivatives of other lanes.
        power = jnp.minimum(re**2 + im**2, 2 * LARGEST_POWER)
        decay = jnp.real(self.at_rest) + jnp.real(self.growing) * power
        turning = jnp.imag(self.at_rest) + jnp.imag(self.growing) * power
        if self.torque is not None:
            now, slope = constants[0]
            current, efficiency = now + slope * offset, self.torque.efficiency
            decay = decay - auto_oscillator.negative_damping(power, current, efficiency)
        pushed_re, pushed_im = self.force(offset, amplitude, constants)
        return turning * im - decay * re + pushed_re, -turning * re - decay * im + pushed_im

    def force(
        self, offset: ArrayLike, amplitude: Amplitude, constants: tuple[Any, ...]
    ) -> Amplitude:
        """The sum of all that acts from outside, rad/s."""
        zero = jnp.zeros((), amplitude[0].dtype)
        total = zero, zero
        for action, own in zip(self.actions, constants[1:], strict=True):
            re, im = action(own, offset, amplitude)
            total = total[0] + re, total[1] + im
        return total
