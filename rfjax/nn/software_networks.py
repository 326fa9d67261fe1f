"""The plain software peers of networks of several layers."""

import math
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import Windows
from rfjax.arrays.windows import Padding
from rfjax.checks import (
    finite_if_known,
    function,
    positive_integer,
    positive_integers,
    random_key,
)
from rfjax.nn.amplified import WEIGHTS_NORM
from rfjax.nn.images import architecture, as_images
from rfjax.nn.oscillator import OscillatorActivation
from rfjax.nn.pooling import max_pool
from rfjax.nn.software import SoftwarePerceptron

Activation = Callable[[Array], Array]  # jax.nn.relu or an OscillatorActivation


class SoftwareMultiLayerPerceptron(eqx.Module):
    r"""Linear layers with bias, $u'=a(Wu+b)$, and logits from the last, without $a$.

    **Arguments:** `layers`, first to last; `activation` $a$: `jax.nn.relu`, or an
    `OscillatorActivation` for neurons of oscillators behind synapses of software.
    """

    layers: tuple[SoftwarePerceptron, ...]
    activation: Activation = eqx.field(static=True, default=jax.nn.relu)

    @classmethod
    def create(
        cls,
        key: Key[Array, ""],
        features: int,
        outputs: Sequence[int],
        activation: Activation = jax.nn.relu,
    ) -> "SoftwareMultiLayerPerceptron":
        r"""A perceptron with weights drawn from a normal distribution.

        Its variance is $2/n$ for $n$ inputs (He et al., 2015) and rectifying neurons, without bias.
        Oscillators start as those of a `MultiLayerPerceptron`: variance $9/n$, and a bias to the
        middle of where they emit.

        **Arguments:** `key`: of the random draw; `features`: inputs; `outputs` of each layer;
        `activation`.

        **Returns:** the perceptron, in the default precision.

        **Raises:** `InvalidInput` if a count is not above zero, or if there is no layer.
        """
        key, outputs = random_key("key", key), positive_integers("outputs", outputs)
        function("activation", activation, "a function, as jax.nn.relu")
        counts = [positive_integer("features", features), *outputs]
        norm, bias = _start(activation)
        layers = []
        for at, (inputs, count) in enumerate(zip(counts[:-1], counts[1:], strict=True)):
            draw = jax.random.normal(jax.random.fold_in(key, at), (count, inputs))
            offset = 0.0 if at == len(outputs) - 1 else bias
            layers.append(
                SoftwarePerceptron(norm / math.sqrt(inputs) * draw, jnp.full(count, offset))
            )
        return cls(tuple(layers), activation)

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*b classes"]:
        """Logits of a batch.

        **Arguments:** `inputs`: (*b, features), no unit.

        **Returns:** logits, (*b, classes), no unit.
        """
        first, *rest = self.layers
        values = first(inputs)
        for layer in rest:
            values = layer(self.activation(values))
        return values

    def trainable(self) -> "SoftwareMultiLayerPerceptron":
        """True at every array that trains: all of them."""
        return jax.tree.map(lambda _: True, self)

    def adapted(self) -> "SoftwareMultiLayerPerceptron":
        """Itself: software has no fast path to keep valid."""
        return self


class SoftwareConvolution(eqx.Module):
    r"""Filters with bias that slide over pixels: $y_{fo}=\sum_kw_{fk}u_{k+o}+b_f$.

    **Arguments:** `weight`: (filters, channels, *kernel); `bias`: (filters,); `padding`: as that of
    `Windows`.
    """

    weight: Float[Array, "..."]
    bias: Float[Array, "*seeds filters"]
    padding: Padding = eqx.field(static=True, default="VALID")

    def __call__(self, images: Float[Array, "..."]) -> Float[Array, "..."]:
        """The filtered images.

        **Arguments:** `images`: (*b, channels, *space), no unit.

        **Returns:** (*b, filters, *out), no unit.
        """
        kernel = self.weight.shape[2:]
        patches = jnp.moveaxis(Windows(kernel, 1, self.padding).patches(images), 0, -1)
        found = patches @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return jnp.moveaxis(found, -1, -len(kernel) - 1)


class SoftwareConvolutionalNetwork(eqx.Module):
    """Blocks of convolution, pooling and neurons, and a perceptron behind them.

    **Arguments:** `blocks`: convolutions, first to last; `dense`: the perceptron, whose activation
    is that of all; `image`: (channels, *space); `pool`: pixels of a neighbourhood.
    """

    blocks: tuple[SoftwareConvolution, ...]
    dense: SoftwareMultiLayerPerceptron
    image: tuple[int, ...] = eqx.field(static=True)
    pool: tuple[int, ...] = eqx.field(static=True)

    @classmethod
    def create(
        cls,
        key: Key[Array, ""],
        *,
        image: Sequence[int],
        filters: Sequence[int],
        kernel: Sequence[int] = (5, 5),
        pool: Sequence[int] = (2, 2),
        outputs: Sequence[int] = (10,),
        activation: Activation = jax.nn.relu,
        padding: Padding = "VALID",
    ) -> "SoftwareConvolutionalNetwork":
        """A network with weights drawn as those of `SoftwareMultiLayerPerceptron`.

        **Arguments:** as for `ConvolutionalNetwork.create`; `activation`: as for
        `SoftwareMultiLayerPerceptron`.

        **Returns:** the network, in the default precision.

        **Raises:** `InvalidInput` where sizes do not fit.
        """
        key, shapes = random_key("key", key), architecture(image, filters, kernel, pool, padding)
        function("activation", activation, "a function, as jax.nn.relu")
        norm, bias = _start(activation)
        blocks = []
        for at, ((channels, *_), count) in enumerate(zip(shapes[:-1], filters, strict=True)):
            draw = jax.random.normal(jax.random.fold_in(key, at), (count, channels, *kernel))
            weight = norm / math.sqrt(draw[0].size) * draw
            blocks.append(SoftwareConvolution(weight, jnp.full(count, bias), padding))
        dense = SoftwareMultiLayerPerceptron.create(
            jax.random.fold_in(key, len(filters)), math.prod(shapes[-1]), outputs, activation
        )
        return cls(tuple(blocks), dense, tuple(image), tuple(pool))

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*b classes"]:
        """Logits of a batch.

        **Arguments:** `inputs`: (*b, features): the pixels of images in a row, the last axis first.

        **Returns:** logits, (*b, classes), no unit.

        **Raises:** `InvalidInput` for another number of pixels.
        """
        inputs = finite_if_known("inputs", inputs)
        values = as_images(inputs, self.image)
        for block in self.blocks:
            values = self.dense.activation(max_pool(block(values), self.pool))
        return self.dense(
            values.reshape(*inputs.shape[:-1], math.prod(values.shape[inputs.ndim - 1 :]))
        )

    def trainable(self) -> "SoftwareConvolutionalNetwork":
        """True at every array that trains: all of them."""
        return jax.tree.map(lambda _: True, self)

    def adapted(self) -> "SoftwareConvolutionalNetwork":
        """Itself: software has no fast path to keep valid."""
        return self


def _start(activation: Activation) -> tuple[float, float]:
    """The norm of all weights of a neuron and its bias before training."""
    if isinstance(activation, OscillatorActivation):
        return WEIGHTS_NORM, activation.middle
    return math.sqrt(2), 0.0
