"""The equation of motion of driven devices, composed from its parts."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int

from rfjax.devices import Oscillator, Resonator
from rfjax.dynamics.clock import Clock
from rfjax.dynamics.current import Waveform
from rfjax.dynamics.force import AbstractAction, Amplitude
from rfjax.laws import auto_oscillator

LARGEST_POWER = 16.0  # of an oscillation; the model means nothing there, and floats soon end


class System(eqx.Module):
    r"""$\dot a=-[\Gamma_+(p)-\Gamma_-(p)]\,a-i[\omega(p)-\omega_r]\,a+\sum f$ (3.3).

    $a=c\,e^{i\omega_rt}$ is the amplitude in a frame that rotates at the reference of the clock.

    **Arguments:** `devices`: resonators or oscillators; `offset` of their frequencies at rest from
    the reference, Hz; `current` in A, steady or a `Waveform`
    (resonators have none); `actions`: what acts from outside; `clock`.
    """

    devices: Resonator | Oscillator
    offset: Float[Array, "..."]
    current: Float[Array, "..."] | Waveform
    actions: tuple[AbstractAction, ...]
    clock: Clock

    def begins(self, amplitude: Amplitude) -> tuple[Any, ...]:
        """What the actions remember at the start."""
        return tuple(action.begins(amplitude) for action in self.actions)

    def held(self, number: Int[Array, ""], memories: tuple[Any, ...]) -> tuple[Any, ...]:
        """What stays the same during a step: the current and its slope, then of each action."""
        if isinstance(self.current, Waveform):
            current = self.current.during(number, self.clock.step)
        else:
            current = self.current, None
        return (
            current,
            *(
                action.held(number, memory)
                for action, memory in zip(self.actions, memories, strict=True)
            ),
        )

    def remembered(
        self, memories: tuple[Any, ...], number: Int[Array, ""], amplitude: Amplitude
    ) -> tuple[Any, ...]:
        """What the actions remember after a step."""
        return tuple(
            action.remembered(memory, number, amplitude)
            for action, memory in zip(self.actions, memories, strict=True)
        )

    def velocity(self, offset: ArrayLike, amplitude: Amplitude, held: tuple[Any, ...]) -> Amplitude:
        """The rate of change of the amplitude, 1/s, at an offset, s, within a step."""
        re, im = amplitude
        # Within a step that fails, the rates stay finite, and so do derivatives of other lanes.
        power = jnp.minimum(re**2 + im**2, 2 * LARGEST_POWER)
        growth, turning = self._rates(power, offset, held[0])
        pushed_re, pushed_im = self.force(offset, amplitude, held)
        return growth * re + turning * im + pushed_re, growth * im - turning * re + pushed_im

    def force(self, offset: ArrayLike, amplitude: Amplitude, held: tuple[Any, ...]) -> Amplitude:
        """The sum of all that acts from outside, rad/s."""
        zero = jnp.zeros((), amplitude[0].dtype)
        total = zero, zero
        for action, own in zip(self.actions, held[1:], strict=True):
            re, im = action(own, offset, amplitude)
            total = total[0] + re, total[1] + im
        return total

    def _rates(self, power: Float[Array, "..."], offset: ArrayLike, current: tuple[Any, Any]):
        devices = self.devices
        turning = auto_oscillator.angular_frequency(
            power, devices.frequency, devices.nonlinear_shift, self.offset
        )
        growth = -auto_oscillator.positive_damping(
            power, devices.frequency, devices.damping, devices.nonlinear_damping
        )
        if isinstance(devices, Oscillator):
            now, slope = current
            now = now if slope is None else now + slope * offset
            growth += auto_oscillator.negative_damping(power, now, devices.spin_torque_efficiency)
        return growth, turning
