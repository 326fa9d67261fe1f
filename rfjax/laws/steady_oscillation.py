r"""The oscillation power of a resonator driven by one tone, and its fold-over.

In reduced variables the steady state $p\,[(1+Qp)^2 + (x_0-np)^2] = s$ is a cubic. With
$c = 1+x_0^2$, $m = \sqrt{Q^2+n^2}$ and $z = p\,m/\sqrt{c}$ it becomes

$$f(z) = z\,(z^2+bz+1) = a, \qquad a = \frac{m\,s}{c^{3/2}}, \qquad
b = \frac{2(Q-x_0n)}{m\sqrt c} \in [-2, 2],$$

a family with the single shape parameter $b$: monotonous above $-\sqrt3$, S-shaped below.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Int

from rfjax.checks import one_of
from rfjax.laws.switching_on import powers_after_switching_on
from rfjax.numerics.implicit import elementwise_division, implicit_root

Branches = ("lower", "upper", "rest")


def oscillation_power(
    detuning: ArrayLike,
    drive: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    branch: str = "lower",
) -> Float[Array, "..."]:
    r"""The normalised oscillation power $p$ of a resonator under one tone.

    $p\,[(1+Qp)^2+(x_0-np)^2] = s$ (the steady state of 5.7–5.9, A.16, in reduced variables).
    Where three roots exist the two outer ones are stable. The derivative follows from the
    implicit function theorem and costs one division; at the edge of the fold, where it
    diverges, it is large but finite.

    **Arguments:** all reduced, without unit, broadcast against each other: `detuning` $x_0$;
    `drive` $s\ge0$; `shift` $n$, of either sign; `damping` $Q$, zero or above in a resonator: the
    cubic takes either sign, as forced oscillators need it. `branch`, where there are two:
    "lower", reached with slowly rising power; "upper", with slowly falling power; or "rest": the
    one of both on which a tone ends that is switched on at once, found by integration.

    **Returns:** $p\ge0$, of the broadcast shape; NaN for drives below zero.

    **Raises:** `InvalidInput` for an unknown branch.
    """
    one_of("branch", branch, Branches)
    return _on_branch(detuning, drive, shift, damping, branch)


@partial(jax.jit, static_argnames="branch")
def _on_branch(detuning, drive, shift, damping, branch: str) -> Float[Array, "..."]:
    drive = jnp.where(jnp.less(drive, 0), jnp.nan, drive)
    arguments = _broadcast(detuning, drive, shift, damping)
    if branch == "rest":
        lower, upper = (oscillation_power(*arguments, branch=name) for name in ("lower", "upper"))
        x, s, n, q = (value[..., None] for value in arguments)
        folded = stable_branches(*arguments) == 2
        ends = powers_after_switching_on(x, s, n, q, folded)[..., 0]
        # Nearer, in decades, to which of them.
        return jnp.where(ends / lower > upper / ends, upper, lower)
    return implicit_root(_SOLVERS[branch], _residual, _divide, arguments)


@jax.jit
def oscillation_power_on(
    detuning: ArrayLike,
    drive: ArrayLike,
    shift: ArrayLike,
    damping: ArrayLike,
    upper: ArrayLike,
) -> Float[Array, "..."]:
    r"""`oscillation_power` on a branch that may differ from element to element.

    **Arguments:** as for `oscillation_power`, and `upper`: 1 on the upper branch where there are
    two, 0 on the lower one.

    **Returns:** $p\ge0$, of the broadcast shape; NaN for drives below zero.
    """
    drive = jnp.where(jnp.less(drive, 0), jnp.nan, drive)
    return implicit_root(
        _solve_on, _residual_on, _divide_on, _broadcast(detuning, drive, shift, damping, upper)
    )


def newton_step(power: Any, detuning: Any, drive: Any, shift: Any, damping: Any) -> Any:
    r"""One step of Newton's method on $p\,[(1+Qp)^2+(x_0-np)^2]=s$.

    From the linear response $p=\frac{s}{1+x_0^2}$ it doubles the digits, as long as the response is
    far from folding. The derivative of a step from the root is that of the implicit function
    theorem.

    **Arguments:** `power` $p$; all others as for `oscillation_power`; NumPy arrays as well.

    **Returns:** $p$ after the step, of the broadcast shape.
    """
    width, offset = 1 + damping * power, detuning - shift * power
    size = width * width + offset * offset
    slope = size + 2 * power * (damping * width - shift * offset)
    return power - (power * size - drive) / slope


def power_singularity(
    detuning: Float[np.ndarray, "..."],
    shift: Float[np.ndarray, "..."],
    damping: Float[np.ndarray, "..."],
) -> Complex[np.ndarray, "..."]:
    r"""The complex drive at which the power that rises from zero stops being analytic.

    The scaled cubic turns at $z=\frac{-b\pm\sqrt{b^2-3}}{3}$; the one nearer to zero is met first,
    at $a=-z^2(2z+b)$ and $s=a\,c^{3/2}/m$. Where it is real and positive the lower branch ends; its
    distance from the drives that there are says how fast polynomials converge.

    **Arguments:** as for `oscillation_power`, as NumPy arrays, on the host.

    **Returns:** $s$, one of both conjugates, without unit; infinite for $Q=n=0$.
    """
    size = np.hypot(damping, shift)
    safe = np.where(size > 0, size, 1)
    c = 1 + detuning**2
    b = 2 * (damping - detuning * shift) / (safe * np.sqrt(c))
    root = np.emath.sqrt(b**2 - 3.0 + 0j)
    turning = 1 / np.where(b < 0, -b + root, -b - root)
    return np.where(size > 0, -(turning**2) * (2 * turning + b) * c**1.5 / safe, np.inf)


@jax.jit
def stable_branches(
    detuning: ArrayLike, drive: ArrayLike, shift: ArrayLike, damping: ArrayLike
) -> Int[Array, "..."]:
    """How many stable branches the oscillation power has: 1, or 2 inside the fold-over.

    **Arguments:** as for `oscillation_power`.

    **Returns:** 1 or 2, of the broadcast shape.
    """
    x, s, n, q = _broadcast(detuning, drive, shift, damping)
    a, b, margin = _scaled(x, s, n, q)
    shape = _turning_points(b, margin)
    return 1 + (shape.folded & (shape.lowest < a) & (a < shape.highest)).astype(int)


@jax.jit
def fold_drives(
    detuning: ArrayLike, shift: ArrayLike, damping: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The drives between which two stable branches exist at a given detuning.

    The extrema $f_\pm = -z_\pm^2(2z_\pm+b)$ of the scaled cubic, taken back to $s=a\,c^{3/2}/m$.

    **Arguments:** as for `oscillation_power`.

    **Returns:** the drive at which the upper branch begins and the one at which the lower branch
    ends; both infinite where the response does not fold.
    """
    x, n, q = _broadcast(detuning, shift, damping)
    one = jnp.ones_like(x)
    per_drive, b, margin = _scaled(x, one, n, q)
    shape = _turning_points(b, margin)
    drives = (shape.lowest, shape.highest)
    safe = jnp.where(shape.folded, per_drive, one)
    begin, end = (jnp.where(shape.folded, drive / safe, jnp.inf) for drive in drives)
    return begin, end


@jax.jit
def fold_onset(
    shift: ArrayLike, damping: ArrayLike
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""The detuning and the drive at which fold-over sets in, with rising drive.

    The response is about to fold where $b=-\sqrt3$ and $a=1/(3\sqrt3)$:
    $x_0 = (4Qn \pm \sqrt3(Q^2+n^2))/(n^2-3Q^2)$, with the sign of $n$, and
    $s = (1+x_0^2)^{3/2}/(3\sqrt3\sqrt{Q^2+n^2})$.

    **Arguments:** `shift` $n$ and `damping` $Q$, reduced.

    **Returns:** detuning and drive; infinite where $n^2\le3Q^2$: such a resonator never folds.
    """
    n, q = _broadcast(shift, damping)
    excess = n**2 - 3 * q**2
    folds = excess > 0
    safe = jnp.where(folds, excess, 1)
    size = q**2 + n**2
    detuning = jnp.where(folds, (4 * q * n + jnp.sign(n) * jnp.sqrt(3.0) * size) / safe, jnp.inf)
    of_folds = jnp.where(folds, detuning, 0)
    drive = (1 + of_folds**2) ** 1.5 / (jnp.sqrt(27.0) * jnp.sqrt(jnp.where(folds, size, 1)))
    return detuning, jnp.where(folds, drive, jnp.inf)


@jax.jit
def phase_lead(
    detuning: ArrayLike, power: ArrayLike, shift: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    r"""How far the oscillation is ahead of its tone: $\arctan\frac{x_0-np}{1+Qp}$, from (3.3).

    In the steady state $c=\sqrt p\,e^{-i(\omega_{rf}t-\psi-\lambda)}$ under the tone
    $F\,e^{-i(\omega_{rf}t-\psi)}$.

    **Arguments:** all without unit, broadcast: `detuning` $x_0$; `power` $p$, the oscillation power
    that shifts and damps; `shift` $n$; `damping` $Q$.

    **Returns:** $\lambda$, rad.
    """
    return jnp.arctan2(jnp.asarray(detuning - shift * power), jnp.asarray(1 + damping * power))


@jax.jit
def response_denominator(
    detuning: ArrayLike, power: ArrayLike, shift: ArrayLike, damping: ArrayLike
) -> Float[Array, "..."]:
    """$D = (1+Qp)^2+(x_0-np)^2$: the Lorentzian of a resonator that oscillates with power $p$."""
    return jnp.asarray((1 + damping * power) ** 2 + (detuning - shift * power) ** 2)


def _residual(power, detuning, drive, shift, damping):
    # Written as p - s/D its slope is of order one, so that "close to the fold" has a scale.
    return power - drive / response_denominator(detuning, power, shift, damping)


def _residual_on(power, detuning, drive, shift, damping, _):
    return _residual(power, detuning, drive, shift, damping)


_divide = elementwise_division(_residual)
_divide_on = elementwise_division(_residual_on)


def _broadcast(*values) -> tuple[Float[Array, "..."], ...]:
    arrays = [jnp.asarray(value) for value in values]
    dtype = jnp.result_type(*arrays)
    dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)
    return tuple(jnp.broadcast_arrays(*(array.astype(dtype) for array in arrays)))


def _scaled(x, s, n, q):
    """a, b and, for negative b, b + 2."""
    c = 1 + x**2
    root = jnp.sqrt(c)
    m = jnp.hypot(q, n)
    safe = jnp.where(m > 0, m, 1)
    cosine = jnp.clip((q / safe - x * (n / safe)) / root, -1, 1)
    # Deep in the fold b + 2 is a small difference: with 1 - cos² = sin² it keeps its digits.
    sine = (n / safe + x * (q / safe)) / root
    return m * (s / c) / root, 2 * cosine, 2 * sine**2 / (1 + jnp.abs(cosine))


class _TurningPoints(NamedTuple):
    """Where the scaled cubic turns: at `left` its value is `highest`, at `right` `lowest`."""

    folded: Bool[Array, "..."]
    curvature: Float[Array, "..."]
    left: Float[Array, "..."]
    right: Float[Array, "..."]
    highest: Float[Array, "..."]
    lowest: Float[Array, "..."]


def _turning_points(b, margin) -> _TurningPoints:
    folded = b < -(3**0.5)
    slope = jnp.where(folded, b, -2)
    curvature = jnp.sqrt((slope - 3**0.5) * (slope + 3**0.5))
    left, right = 1 / (curvature - slope), (curvature - slope) / 3
    highest = -(left**2) * (2 * left + slope)
    lowest = right**2 * margin * (2 - slope) / (2 * curvature - slope)
    return _TurningPoints(folded, curvature, left, right, highest, lowest)


def _solve_on(detuning, drive, shift, damping, upper):
    return _solve(detuning, drive, shift, damping, lower=upper < 0.5)


def _solve(detuning, drive, shift, damping, *, lower):
    a, b, margin = _scaled(detuning, drive, shift, damping)
    z = _scaled_root(a, b, margin, lower)
    c = 1 + detuning**2
    size = jnp.hypot(damping, shift)
    # Each way back from z to p is well conditioned where the other is not.
    small = z < 0.5
    response = jnp.where(small, z * (z + b) + 1, 1)
    power = jnp.where(small, drive / c / response, z * jnp.sqrt(c) / jnp.where(small, 1, size))
    for _ in range(3 if power.dtype == jnp.float64 else 1):
        power = _polished(power, detuning, drive, shift, damping)
    return power


def _scaled_root(a, b, margin, lower):
    """The wanted root of z³ + bz² + z = a, seen from the point where the cubic bends or turns."""
    shape = _turning_points(b, margin)
    below = shape.folded & jnp.where(lower, a <= shape.highest, a < shape.lowest)
    centre = jnp.where(shape.folded, jnp.where(below, shape.left, shape.right), -b / 3)
    value = jnp.where(
        shape.folded, jnp.where(below, shape.highest, shape.lowest), b * (2 * b**2 / 27 - 1 / 3)
    )
    sign = jnp.where(a < value, -1, 1)
    quadratic = jnp.where(shape.folded, shape.curvature, 0)
    linear = jnp.where(shape.folded, 0, 1 - b**2 / 3)
    z = centre + sign * _monotonous_root(jnp.abs(a - value), quadratic, linear)
    starts_small = (a < 0.02) & (lower | ~shape.folded | (a < shape.lowest))
    return jnp.where(starts_small, a / (1 + b * a), z)


def _monotonous_root(value, quadratic, linear):
    """The root t ≥ 0 of t³ + quadratic·t² + linear·t = value, by Newton steps from above."""
    tiny = jnp.finfo(value.dtype).tiny
    bounds = jnp.minimum(
        jnp.sqrt(value / jnp.maximum(quadratic, tiny)), value / jnp.maximum(linear, tiny)
    )
    # A start needs few digits, and this vectorises where a cube root does not.
    t = jnp.minimum(jnp.exp(jnp.log(value) / 3), bounds)
    for _ in range(5 if t.dtype == jnp.float64 else 4):
        slope = t * (3 * t + 2 * quadratic) + linear
        excess = t * (t * (t + quadratic) + linear) - value
        t = jnp.maximum(t - excess / jnp.maximum(slope, tiny), 0)
    return t


def _polished(power, detuning, drive, shift, damping):
    """One Newton step on the cubic as the user wrote it, taken only where it is small."""
    offset, width = detuning - shift * power, 1 + damping * power
    response = width**2 + offset**2
    slope = response + 2 * power * (damping * width - shift * offset)
    step = (power * response - drive) / jnp.where(slope == 0, 1, slope)
    trusted = (jnp.abs(step) <= 0.02 * power) & (slope != 0)
    return jnp.where(trusted, power - step, power)


_SOLVERS = {name: partial(_solve, lower=name == "lower") for name in ("lower", "upper")}
