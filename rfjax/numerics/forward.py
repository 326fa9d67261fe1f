"""Functions of few numbers whose derivatives are carried forward, whichever way is asked for."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree


def carried_forward(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, with its Jacobian found forwards in reverse mode too.

    For functions of few numbers that are long to write out: reverse mode through them compiles for
    minutes, while a Jacobian of all inputs side by side is one more pass.

    **Arguments:** `function` of pytrees of real arrays, which closes over no traced values.

    **Returns:** the function.
    """

    @jax.custom_jvp
    def called(*arguments):
        return function(*arguments)

    @called.defjvp
    def _(primals, tangents):
        flat, restored = ravel_pytree(primals)
        direction, _ = ravel_pytree(tangents)

        def along(one):
            return jax.jvp(lambda at: function(*restored(at)), (flat,), (one,))

        units = jnp.eye(flat.size, dtype=flat.dtype)
        found, slopes = jax.vmap(along, out_axes=(None, -1))(units)
        return found, jax.tree.map(lambda slope: (slope * direction).sum(-1), slopes)

    return called
