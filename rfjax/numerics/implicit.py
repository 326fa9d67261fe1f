"""Solve first, then differentiate by the implicit function theorem."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def implicit_root(
    solve: Callable[..., Any],
    residual: Callable[..., Any],
    divide: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> Float[Array, "..."]:
    r"""The root $x$ of $g(x, \theta) = 0$, with $dx = -(\partial g/\partial x)^{-1}\,
    (\partial g/\partial\theta)\,d\theta$ as its derivative, whatever the solver did.

    **Arguments:** `solve(*arguments)` returns the root; `residual(x, *arguments)` is $g$;
    `divide(x, arguments, right)` returns $(\partial g/\partial x)^{-1}$ applied to `right`, of
    the shape of $x$; `arguments` is the tuple $\theta$ of arrays. The functions must not close
    over traced values.

    **Returns:** the root.
    """
    return solve(*arguments)


@implicit_root.defjvp
def _implicit_root_jvp(solve, residual, divide, primals, tangents):
    (arguments,), (directions,) = primals, tangents
    # Behind the barrier a compiler does not fuse, and repeat, the solution into what uses it.
    root = jax.lax.optimization_barrier(implicit_root(solve, residual, divide, arguments))
    _, change = jax.jvp(lambda *args: residual(root, *args), arguments, directions)
    return root, -divide(root, arguments, change)


def elementwise_division(residual: Callable[..., Any]) -> Callable[..., Any]:
    """The `divide` of `implicit_root` for residuals whose every element has its own root.

    Where the slope vanishes, as at a fold, the derivative is large but finite.
    """

    def divide(root, arguments, right):
        _, slope = jax.jvp(lambda x: residual(x, *arguments), (root,), (jnp.ones_like(root),))
        smallest = jnp.finfo(slope.dtype).eps
        return right / jnp.where(jnp.abs(slope) < smallest, smallest, slope)

    return divide
