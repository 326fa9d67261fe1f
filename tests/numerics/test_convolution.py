import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.numerics.convolution import Sliding, sliding_product


@pytest.mark.parametrize(
    "slidings",
    [(Sliding(1, (1, 1)), Sliding(1, (0, 1))), (Sliding(2, (1, 0)), Sliding(3, (2, 1)))],
)
def test_all_derivatives_of_all_networks_are_those_of_a_plain_convolution(slidings):
    draw = np.random.default_rng(0).standard_normal
    operands = jnp.asarray(draw((2, 3, 7, 8, 2))), jnp.asarray(draw((2, 3, 2, 2, 4)))
    changes = jnp.asarray(draw(operands[0].shape)), jnp.asarray(draw(operands[1].shape))

    def plain(pixels, filters, slidings):
        strides, pads = [each.stride for each in slidings], [each.padding for each in slidings]
        axes = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(pixels, filters, strides, pads, dimension_numbers=axes)

    def everything(convolved):
        def change_of_slope(pixels, filters, *along):
            slope = jax.grad(lambda *both: jnp.sum(convolved(*both, slidings) ** 3), (0, 1))
            return jax.jvp(slope, (pixels, filters), along)

        each = jax.vmap(change_of_slope)(*operands, *changes)
        one_filter = jax.vmap(change_of_slope, (0, None, 0, None))
        one_image = jax.vmap(change_of_slope, (None, 0, None, 0))
        first = operands[0][0], operands[1][0], changes[0][0], changes[1][0]
        return (
            each,
            one_filter(operands[0], first[1], changes[0], first[3]),
            one_image(first[0], operands[1], first[2], changes[1]),
        )

    found, expected = jax.jit(lambda: (everything(sliding_product), everything(plain)))()
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9 * np.abs(other).max())


def test_a_loop_holds_them_in_the_order_that_is_fast():
    def step(filters, pixels):
        def loss(filters):
            inside = sliding_product(pixels, filters, (Sliding(1, (1, 1)),) * 2)
            return jnp.sum(sliding_product(inside, filters, (Sliding(1, (1, 1)),) * 2) ** 2)

        return filters - jax.grad(loss)(filters), None

    images, filters = jnp.ones((3, 2, 8, 8, 4)), jnp.ones((3, 3, 4, 4))
    program = jax.jit(lambda *both: jax.lax.scan(step, *both)[0]).lower(filters, images)
    orders = [line for line in program.compile().as_text().splitlines() if "convolution(" in line]
    assert len(orders) == 5
    assert all("dim_labels=b01f_01io->b01f" in line for line in orders)
