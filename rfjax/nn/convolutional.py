"""Convolutional networks: filters of resonators, pooling, oscillators, and a perceptron behind."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays.windows import Padding
from rfjax.checks import (
    InvalidInput,
    check_fit,
    function,
    non_negative,
    positive,
    positive_integers,
    random_key,
    sequence,
    share,
)
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import geometric_comb, scaled_powers
from rfjax.nn.amplified import Amplified
from rfjax.nn.convolution import FieldLineConv, SharedLineConv
from rfjax.nn.field_line import FieldLineDense
from rfjax.nn.images import architecture, as_images
from rfjax.nn.multi_layer import Line, MultiLayerPerceptron
from rfjax.nn.oscillator import OscillatorActivation, checked_activation
from rfjax.nn.pooling import max_pool
from rfjax.rectifiers import AbstractRectifier


class ConvolutionalNetwork(eqx.Module):
    r"""Pixels as tone powers, blocks of filters and oscillators, and a perceptron (6.2–6.4).

    A block: the filters of a convolution, amplified, $\zeta=g\,U/U_0+b$ with one offset a
    filter; the largest $\zeta$ of each neighbourhood; and oscillators that it drives, whose tones
    the next block receives. The tones of the last block, in a row, go to the perceptron.

    **Arguments:** `blocks`: convolutions with their amplifiers, first to last; `dense`: the
    perceptron behind them, whose oscillators are those of all blocks; `image`: (channels, *space);
    `pool`: pixels of a neighbourhood along each axis of space.
    """

    blocks: tuple[Amplified, ...]
    dense: MultiLayerPerceptron
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
        band: tuple[ArrayLike, ArrayLike] = (1e9, 10e9),
        convolution: type[FieldLineConv | SharedLineConv] = FieldLineConv,
        line: Line = FieldLineDense,
        power: ArrayLike = 1e-5,
        damping: ArrayLike = 0.01,
        symmetric: ArrayLike = 0.0,
        rectifier: AbstractRectifier | None = None,
        tolerance: float | None = 1e-5,
        spread: ArrayLike = 0.1,
        gain: ArrayLike | None = None,
        activation: OscillatorActivation | None = None,
        padding: Padding = "VALID",
    ) -> "ConvolutionalNetwork":
        r"""A network with detunings drawn at random.

        **Arguments:** `key`: of the random draw; `image`: (channels, *space), one or two axes of
        space; `filters` of each block; `kernel` and `pool`: pixels along each axis of space, of all
        blocks; pool windows of one pixel leave all pixels; `outputs`: chains of each layer of the
        perceptron; `band`: lowest and highest tone in Hz: the channels of a convolution, or on a
        shared line all elements of its kernel, and the inputs of a layer of the perceptron, have
        tones at a constant ratio in it; `convolution`: `FieldLineConv` or `SharedLineConv`, where a
        pixel has the same power on every tone that it is played on; `line` of the perceptron:
        `FieldLineDense` or `SharedLineDense`; `padding` of the convolutions; all others as for
        `MultiLayerPerceptron.create`.

        **Returns:** the network, in the default precision.

        **Raises:** `InvalidInput` where a value is not allowed or sizes do not fit.
        """
        key, shapes = random_key("key", key), architecture(image, filters, kernel, pool, padding)
        outputs, spread = positive_integers("outputs", outputs), non_negative("spread", spread)
        function("convolution", convolution, "FieldLineConv or SharedLineConv")
        activation = checked_activation(activation)
        blocks = []
        shared = convolution is SharedLineConv
        if shared and activation.nonlinear_shift:
            raise InvalidInput(
                f"the oscillators have a nonlinear_shift of {activation.nonlinear_shift:g}; on a "
                "shared line each pixel is played on the tone of its place in a patch: take "
                "FieldLineConv, or oscillators whose tones stay"
            )
        for at, ((channels, *_), count) in enumerate(zip(shapes[:-1], filters, strict=True)):
            draw = jax.random.normal(jax.random.fold_in(key, at), (count, channels, *kernel))
            own = channels, *(kernel if shared else (1,) * len(kernel))
            check_fit("spread", spread, draw.shape, "(filters, channels, *kernel)")
            comb = _comb(band, math.prod(own))
            powers = positive("power", power)
            check_fit("power", powers, (), "one number")
            filtered = convolution(
                spread * draw,
                Resonator(comb.reshape(own), damping=damping, symmetric=symmetric),
                powers if shared else scaled_powers(powers, comb).reshape(own),
                rectifier,
                padding=padding,
                tolerance=tolerance,
            )
            blocks.append(Amplified.at_start(filtered, gain, activation.middle))
        dense = MultiLayerPerceptron.create(
            jax.random.fold_in(key, len(filters)),
            outputs,
            frequencies=[_comb(band, tones) for tones in (math.prod(shapes[-1]), *outputs[:-1])],
            line=line,
            power=power,
            damping=damping,
            symmetric=symmetric,
            rectifier=rectifier,
            tolerance=tolerance,
            spread=spread,
            gain=gain,
            activation=activation,
        )
        return cls(tuple(blocks), dense, tuple(image), tuple(pool))

    @property
    def activation(self) -> OscillatorActivation:
        """The oscillators of all blocks and layers."""
        return self.dense.activation

    def __call__(self, inputs: ArrayLike) -> Float[Array, "*b classes"]:
        """Logits of a batch.

        **Arguments:** `inputs` in [0, 1], (*b, features): the pixels of images in a row, the last
        axis first.

        **Returns:** logits, (*b, classes), no unit.

        **Raises:** `InvalidInput` for inputs outside of [0, 1] or another number of them.
        """
        inputs = share("inputs", inputs)
        tones = as_images(inputs, self.image), None
        for block in self.blocks:
            tones = self.activation.tones(max_pool(block.read_out(*tones), self.pool))
        in_a_row = *inputs.shape[:-1], math.prod(tones[0].shape[inputs.ndim - 1 :])
        return self.dense.logits(*jax.tree.map(lambda values: values.reshape(in_a_row), tones))

    def trainable(self) -> "ConvolutionalNetwork":
        """True at every array that trains: detunings, gains and offsets."""
        frozen = eqx.tree_at(
            lambda model: [
                part
                for block in model.blocks
                for part in (block.line.chains.detuning, block.gain, block.offset)
            ],
            jax.tree.map(lambda _: False, self),
            replace_fn=lambda _: True,
        )
        return eqx.tree_at(lambda model: model.dense, frozen, self.dense.trainable())

    def adapted(self) -> "ConvolutionalNetwork":
        """The same network with fast evaluations that suit its present detunings."""
        blocks = tuple(block.adapted() for block in self.blocks)
        dense = self.dense.adapted()
        if dense is self.dense and all(new is old for new, old in zip(blocks, self.blocks)):
            return self
        return eqx.tree_at(lambda model: (model.blocks, model.dense), self, (blocks, dense))


def _comb(band: tuple[ArrayLike, ArrayLike], count: int) -> Float[Array, " tones"]:
    """So many tones at a constant ratio; a single one is the lowest."""
    if len(sequence("band", band, "the lowest and the highest frequency")) != 2:
        raise InvalidInput(f"band has {len(band)} frequencies; give the lowest and the highest")
    if count == 1:
        return positive("band", band[0])[None]
    return geometric_comb(*band, count)
