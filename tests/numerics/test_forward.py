import jax
import jax.numpy as jnp
import numpy as np

from rfjax.numerics.forward import carried_forward


def plain(numbers, factor):
    a, b = numbers
    return {"x": jnp.sin(a) * factor * b**2, "z": jax.lax.complex(a * b, factor)}


def parts(function):
    def real(numbers, factor):
        found = function(numbers, factor)
        return jnp.stack([found["x"], found["z"].real, found["z"].imag])

    return real


def test_it_has_the_same_values_and_derivatives_in_either_mode():
    arguments = (jnp.array(0.3), jnp.array(1.7)), jnp.array(2.0)
    ours, theirs = parts(carried_forward(plain)), parts(plain)
    np.testing.assert_allclose(ours(*arguments), theirs(*arguments))
    for mode in (jax.jacfwd, jax.jacrev):
        found, expected = (
            jax.tree.leaves(mode(each, (0, 1))(*arguments)) for each in (ours, theirs)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    twice = jax.jacrev(jax.jacfwd(ours, 1), 1)(*arguments)
    np.testing.assert_allclose(twice, jax.jacfwd(jax.jacfwd(theirs, 1), 1)(*arguments), atol=1e-14)
    lanes = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf]), arguments)
    np.testing.assert_allclose(jax.vmap(ours)(*lanes), jax.vmap(theirs)(*lanes))
