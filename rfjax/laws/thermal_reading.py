r"""The voltage that one reading of a resonator gives at a temperature: its mean and its scatter.

A tone drives the amplitude, and a thermal force shakes it (`rfjax.laws.thermal_noise`). In the
frame of the tone and in linewidths, with $k=Q+in$ and the diffusion $d(p)$ over the linewidth,

$$\dot a=-(1-ix)\,a-k\,|a|^2a+d'a+\sqrt s+\text{noise},\qquad a=m+\xi,$$

and a reading is the mean of $\mathrm{Re}\,h^*a$, $h=\xi_S+i\xi_A$, over a time. Fluctuations are
taken as Gaussian and as large as they make themselves (statistical linearisation), with
$q=|m|^2$, $u=\langle|\xi|^2\rangle$ and $w=\langle\xi^2\rangle$:

$$\dot m=0=\sqrt s-\left[1-ix+k(q+2u)-d'\right]m-k\,w\,m^*,\qquad
\dot\xi=\lambda\xi+\mu\xi^*+\text{noise},$$
$$\lambda=-(1-ix)-2k(q+u)+d',\qquad \mu=-k(m^2+w).$$

Thermal power thus shifts a resonance twice, as other tones do. For $N=Q=0$ all of it is exact.

Otherwise it ends with what fluctuations do to themselves, $|k|\,p_T$, and at the fold. Beside the
stationary Fokker–Planck equation, for detunings within 1.5 linewidths and readings of 0.5 to 30
lifetimes, with the mean as a share of $\beta P/\Gamma_0$:

- $|k|p_T=0.01$: mean within 0.01 %, scatter within 0.35 % at $|k|s\le0.25$, 3 % at 1;
- 0.05: 0.23 %, 1.5 % and 11 %;
- 0.2: 2.1 %, 5.2 % and 21 %;
- 0.4: 6.8 %, 11 % and 28 %.

Within the fold-over noise takes a resonator from one branch to the other, which is not in it.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from rfjax.laws.spin_diode import oscillation_power
from rfjax.laws.thermal_noise import diffusion_and_slopes
from rfjax.numerics.exponential_mean import exponential_mean
from rfjax.numerics.implicit import implicit_root

RELIABLE = 0.2  # of |k|p_T, up to which it is used without a warning
_NEWTONS = 12
_CLOSE = 1e-3  # of what is left of an unknown, relative to it


class ThermalReading(NamedTuple):
    r"""A reading of a resonator at a temperature, without unit.

    **Arguments:** `response` $R$: the mean voltage is $R\,P$ times
    `rfjax.laws.spin_diode.voltage_scale`; `variance` of one reading: the standard deviation is
    its root times `scatter_scale`; `thermal_power` $u$, of the fluctuations while the tone drives.
    """

    response: Float[Array, "..."]
    variance: Float[Array, "..."]
    thermal_power: Float[Array, "..."]


@jax.jit
def scatter_scale(
    power: ArrayLike, rectification: ArrayLike, drive: ArrayLike
) -> Float[Array, "..."]:
    r"""The voltage that an amplitude mixes down to:
    $\frac\beta{\gamma^2}F=\frac\beta\gamma\sqrt P$.

    **Arguments:** `power` $P$ in W; `rectification` $\beta$ in rad·C⁻¹; `drive` $\gamma$ in
    rad·Hz·W^(−1/2).

    **Returns:** V.
    """
    zero = jnp.equal(power, 0)
    root = jnp.where(zero, 0, jnp.sqrt(jnp.where(zero, 1, power)))
    return jnp.asarray(rectification / jnp.asarray(drive) * root)


@jax.jit
def small_signal_variance(
    detuning: ArrayLike,
    thermal_power: ArrayLike,
    time: ArrayLike,
    antisymmetric: ArrayLike = 1.0,
    symmetric: ArrayLike = 0.0,
) -> Float[Array, "..."]:
    r"""The scatter of a reading where nothing is nonlinear:
    $(\xi_A^2+\xi_S^2)\,p_T\,\mathrm{Re}\left[\frac1{\lambda t}-\frac{1-e^{-\lambda t}}
    {(\lambda t)^2}\right]$, $\lambda=1-ix$.

    Fluctuations are round, so that it makes no difference which torque reads them.

    **Arguments:** `detuning` $x$ in linewidths; `thermal_power` $p_T$; `time` $t$ of the reading in
    inverse linewidths, $\Gamma_0$ times that in s; `antisymmetric` $\xi_A$; `symmetric` $\xi_S$.

    **Returns:** the variance of one reading; see `scatter_scale`.
    """
    strength = (jnp.square(antisymmetric) + jnp.square(symmetric)) * thermal_power
    time = jnp.asarray(time)
    # The rate at which it decays and that at which it turns.
    even, _ = exponential_mean(-time, -jnp.square(detuning * time))
    return strength * even


@jax.jit
def warm_device(
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    nonlinear_damping: ArrayLike,
    thermal_power: ArrayLike,
) -> tuple[Float[Array, "..."], ...]:
    r"""What thermal power makes of a resonator at low power: another one.

    $\omega_0\to\omega_0(1+2Np_T)$ and $\Gamma_0\to\Gamma_0[1+(Q+N)p_T]$: twice the thermal power,
    of which a diffusion that grows with the power takes $(Q-N)p_T$ back. Of `thermal_reading` it
    is the mean at low power; at 10 µW into 200 MHz, $N=0.1$, $Q=1$ and $p_T=0.005$ the mean stays
    within 0.11 % of $\beta P/\Gamma_0$ of it, at 50 µW within 0.5 %, where the shift makes up 10 %.

    **Arguments:** `damping` $\alpha$; `nonlinear_shift` $N$; `nonlinear_damping` $Q$;
    `thermal_power` $p_T$.

    **Returns:** the relative shift of the resonance, $2Np_T$; and $\alpha$, $N$, $Q$ of the other
    one, whose $N\omega_0$ and $Q\Gamma_0$ are those of before.
    """
    shift = 2 * jnp.asarray(nonlinear_shift) * thermal_power
    wider = 1 + (nonlinear_damping + jnp.asarray(nonlinear_shift)) * thermal_power
    warm = damping * wider / (1 + shift), nonlinear_shift / (1 + shift), nonlinear_damping / wider
    return tuple(jnp.asarray(each) for each in (shift, *warm))


@jax.jit
def thermal_reading(
    detuning: ArrayLike,
    drive: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    thermal_power: ArrayLike,
    time: ArrayLike,
    antisymmetric: ArrayLike = 1.0,
    symmetric: ArrayLike = 0.0,
    supercriticality: ArrayLike = 0.0,
    nonlinear_shift: ArrayLike = 0.0,
) -> ThermalReading:
    r"""The mean and the scatter of a reading of a nonlinear resonator under one tone.

    **Arguments:** all without unit, broadcast:

    - `detuning` $x$, `drive` $s$, `shift` $n$ and `damping` $Q$, as of
      `rfjax.laws.spin_diode.oscillation_power`, those under the current if there is one.
    - `thermal_power` $p_T=k_BT/E_0$, see `rfjax.laws.thermal_noise.equilibrium_power`.
    - `time` of the reading in inverse linewidths, $\Gamma_0$ times that in s.
    - `antisymmetric` $\xi_A$ and `symmetric` $\xi_S$.
    - `supercriticality` $\zeta=I/I_{th}$ of the current, which adds no noise: the diffusion stays
      that of the damping without it.
    - `nonlinear_shift` $N$, which the diffusion falls with.

    **Returns:** the reading; NaN where fluctuations find no steady size, as at a fold.
    """
    kept = 1 - jnp.asarray(supercriticality)
    *arguments, time, antisymmetric, symmetric = _floats(
        detuning,
        drive,
        shift,
        damping,
        thermal_power / kept,
        kept * damping - supercriticality,
        nonlinear_shift,
        time,
        antisymmetric,
        symmetric,
    )
    arguments = tuple(jnp.broadcast_arrays(*arguments))
    root = implicit_root(_solve, _residual, _divide, arguments)
    q, u = root
    state = _state(q, u, *arguments)
    off = jnp.abs(_residual(root, *arguments))
    steady = (off <= _CLOSE * root).all(0) & (_stiffness(state) > 0) & (state.decay.real < 0)
    u = jnp.where(steady, u, jnp.nan)
    h = jax.lax.complex(*jnp.broadcast_arrays(symmetric, antisymmetric))
    # ⟨ξ Re(h*ξ)⟩, and how fast it changes beyond its decay.
    leaning = u * (h + h.conj() * state.squared) / 2
    turning = 1j * state.decay.imag * leaning + state.coupling * leaning.conj()
    half_trace = state.decay.real * time
    split = (_size(state.coupling) - state.decay.imag**2) * jnp.square(time)
    even, odd = exponential_mean(half_trace, split)
    variance = 2 * (h.conj() * (even * leaning + odd * time * turning)).real
    return ThermalReading((h.conj() / state.resistance).real + 0 * u, variance, u)


class _State(NamedTuple):
    r"""What follows from $q$ and $u$.

    **Arguments:** `resistance` $\sqrt s/m$; `squared` $w/u$; `decay` $\lambda$; `coupling` $\mu$;
    `diffusion` $d$.
    """

    resistance: Complex[Array, "..."]
    squared: Complex[Array, "..."]
    decay: Complex[Array, "..."]
    coupling: Complex[Array, "..."]
    diffusion: Float[Array, "..."]


def _state(q, u, detuning, drive, shift, damping, thermal_power, growth, nonlinear_shift) -> _State:
    strength = diffusion_and_slopes(thermal_power, 1.0, q + u, growth, nonlinear_shift)
    nonlinear = jax.lax.complex(damping, shift)
    at_rest = jax.lax.complex(1 - strength.first, -detuning)
    decay = -at_rest - 2 * nonlinear * (q + u)
    # From λw = -μu, with w in μ.
    share = nonlinear / (decay - nonlinear * u)
    resistance = at_rest + nonlinear * (q + 2 * u + share * u * q)
    phase = resistance.conj() / resistance
    coupling = -nonlinear * (1 + share * u) * q * phase
    return _State(resistance, share * q * phase, decay, coupling, strength.strength)


def _residual(root, *arguments):
    q, u = root
    state = _state(q, u, *arguments)
    return jnp.stack(
        [
            q - arguments[1] / _size(state.resistance),
            u + state.diffusion / state.decay.real / _stiffness(state),
        ]
    )


def _stiffness(state: _State) -> Float[Array, "..."]:
    """How much of the restoring force is left, from one to none at a fold."""
    return 1 - _size(state.coupling) / _size(state.decay)


def _size(value: Complex[Array, "..."]) -> Float[Array, "..."]:
    return value.real**2 + value.imag**2


def _divide(root, arguments, right):
    def along(direction):
        return jax.jvp(lambda x: _residual(x, *arguments), (root,), (direction,))[1]

    one, zero = jnp.ones_like(root[0]), jnp.zeros_like(root[0])
    (a, c), (b, d) = along(jnp.stack([one, zero])), along(jnp.stack([zero, one]))
    determinant = a * d - b * c
    x, y = right
    return jnp.stack([d * x - b * y, a * y - c * x]) / determinant


def _solve(*arguments):
    detuning, drive, shift, damping, thermal, *_ = arguments
    start = oscillation_power(detuning - 2 * shift * thermal, drive, shift, damping)

    def step(_, root):
        moved = root - _divide(root, arguments, _residual(root, *arguments))
        # Neither changes its sign, nor leaves a place where nothing is known.
        return jnp.where(jnp.isfinite(moved), jnp.clip(moved, root / 2, root * 2), root)

    return jax.lax.fori_loop(0, _NEWTONS, step, jnp.stack([start, thermal]))


def _floats(*values) -> tuple[Float[Array, "..."], ...]:
    dtype = jnp.result_type(*values)
    dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)
    return tuple(jnp.asarray(value, dtype) for value in values)
