"""Networks of resonators with detunings drawn at random: perceptrons and convolutional ones."""

import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Key

from rfjax.arrays import AbstractWiring, OwnTone, ResonatorArray, SharedLine
from rfjax.arrays.resonator_array import checked_devices
from rfjax.arrays.windows import Padding
from rfjax.checks import (
    InvalidInput,
    check_fit,
    function,
    instance_of,
    non_negative,
    positive_integers,
    random_key,
    sequence,
)
from rfjax.devices import Resonator
from rfjax.lines import Line
from rfjax.nn.activation import AbstractActivation, OscillatorActivation
from rfjax.nn.convolution import Convolution
from rfjax.nn.images import Flatten, Images, architecture
from rfjax.nn.network import Network
from rfjax.nn.pooling import MaxPool
from rfjax.nn.reciprocal_network import ReciprocalNetwork, settled_neurons
from rfjax.nn.synapses import Synapses
from rfjax.rectifiers import AbstractRectifier, Linear

# A model made from the peak powers of a line, as `rfjax.rectifiers.Linearised`.
Gradient = Callable[[Float[Array, " tones"]], AbstractRectifier]


def mlp(
    outputs: Sequence[int],
    *,
    lines: Line | Sequence[Line],
    resonators: Resonator,
    key: Key[Array, ""],
    rectifier: AbstractRectifier | None = None,
    wiring: AbstractWiring | None = None,
    activation: AbstractActivation | None = None,
    gradient: Gradient | None = None,
    spread: ArrayLike = 0.1,
    gain: ArrayLike | None = None,
    tolerance: float | None = 1e-5,
) -> Network:
    r"""A perceptron of resonators, with oscillators between its layers (6.4).

    Inputs are shares of the largest powers of the tones of the first line. Chains are read out as
    $\zeta=g\,U/U_0+b$, the current of an oscillator in thresholds, which emits a tone of the next
    line; those of the last line are the logits. One layer alone is the perceptron of (5.15).

    **Arguments:**

    - `outputs`: chains of each layer, (10,) for one layer of ten.
    - `lines`: the tones of each layer, as many as it has inputs; one `Line` for one layer.
    - `resonators`: the devices, of one frequency, which are put at the tones of each line, or at
      these already; fields of shape (), or what fits all layers.
    - `key` of the random draw.
    - `rectifier`: the rectifier model; `Independent` if none is given.
    - `wiring`: `SharedLine()` if none is given, or `OwnTone()`.
    - `activation`: the neurons; oscillators with $Q=2$ up to four thresholds if none are given.
    - `gradient`: None, or `rfjax.rectifiers.Linearised` for the published algorithm.
    - `spread`: standard deviation of the detunings, in linewidths.
    - `gain` of all read-outs at the start; see `Synapses.at_start`.
    - `tolerance` of the fast evaluation, relative to the largest voltage; None to do without.

    **Returns:** the network, in the precision of the lines.

    **Raises:** `InvalidInput` where a value is not allowed or sizes do not fit.
    """
    outputs = positive_integers("outputs", outputs)
    what = "a Line for each layer, as Line.geometric(...)"
    lines = (lines,) if isinstance(lines, Line) else sequence("lines", lines, what)
    if len(lines) != len(outputs):
        raise InvalidInput(f"there are {len(lines)} lines for {len(outputs)} layers; give {what}")
    for line in lines:
        instance_of("lines", line, Line, what)
    for line, chains in zip(lines[1:], outputs[:-1], strict=True):
        if line.tones != chains:
            raise InvalidInput(
                f"a layer of {chains} chains is followed by a line of {line.tones} tones; give one "
                "tone for each chain"
            )
    key, activation = random_key("key", key), _neurons(activation)
    keys = [key] if len(lines) == 1 else [jax.random.fold_in(key, at) for at in range(len(lines))]
    layers = []
    for drawn, line, chains in zip(keys, lines, outputs, strict=True):
        detuning = _draw((chains, line.tones), spread, line, key=drawn)
        array = ResonatorArray(
            detuning,
            _placed(resonators, line),
            line,
            rectifier,
            SharedLine() if wiring is None else wiring,
            gradient=_stand_in(gradient, line),
            tolerance=tolerance,
        )
        last = len(layers) == 2 * (len(outputs) - 1)
        # Neurons start in the middle of where they emit, logits at zero.
        layers.append(
            Synapses.at_start(array, gain=gain, offset=0.0 if last else activation.middle)
        )
        layers += [] if last else [activation]
    return Network(layers)


def cnn(
    image: Sequence[int],
    filters: Sequence[int],
    outputs: Sequence[int] = (10,),
    *,
    band: tuple[ArrayLike, ArrayLike],
    power: ArrayLike,
    resonators: Resonator,
    key: Key[Array, ""],
    kernel: Sequence[int] = (5, 5),
    pool: Sequence[int] = (2, 2),
    padding: Padding = "VALID",
    rectifier: AbstractRectifier | None = None,
    wiring: AbstractWiring | None = None,
    dense_wiring: AbstractWiring | None = None,
    activation: AbstractActivation | None = None,
    gradient: Gradient | None = None,
    spread: ArrayLike = 0.1,
    gain: ArrayLike | None = None,
    tolerance: float | None = 1e-5,
) -> Network:
    r"""A convolutional network of resonators: blocks of filters, and a perceptron behind them.

    A block (6.2–6.4): the filters of a convolution, read out as $\zeta=g\,U/U_0+b$ with one offset
    a filter; the largest $\zeta$ of each neighbourhood; and oscillators that it drives, whose tones
    the next block receives. The tones of the last block, in a row, go to the perceptron.

    **Arguments:**

    - `image`: (channels, *space), one or two axes of space.
    - `filters` of each block; `outputs`: chains of each layer of the perceptron.
    - `band`: lowest and highest tone in Hz of each line, a geometric comb: the channels of a
      convolution, or on a shared line all elements of its kernel, and the inputs of a layer.
    - `power` of the first tone of each line at most, into one resonator, W. On a shared line of a
      convolution a pixel has the same power on every tone that it is played on.
    - `kernel` and `pool`: pixels along each axis of space, of all blocks; `padding` of the
      convolutions, as that of `Windows`.
    - `wiring` of the convolutions, `OwnTone()` if none is given; `dense_wiring` of the perceptron,
      the same if none is given.
    - all others as for `mlp`.

    **Returns:** the network, in the default precision.

    **Raises:** `InvalidInput` where a value is not allowed or sizes do not fit.
    """
    key, shapes = random_key("key", key), architecture(image, filters, kernel, pool, padding)
    outputs, activation = positive_integers("outputs", outputs), _neurons(activation)
    wiring = OwnTone() if wiring is None else wiring
    instance_of("wiring", wiring, AbstractWiring, "SharedLine() or OwnTone()")
    lowest, highest = _ends(band)
    layers = [Images(tuple(image))]
    for at, ((channels, *_), count) in enumerate(zip(shapes[:-1], filters, strict=True)):
        line = wiring.line_of_kernel(lowest, highest, (channels, *kernel), power)
        detuning = _draw((count, channels, *kernel), spread, line, key=jax.random.fold_in(key, at))
        filtered = Convolution(
            detuning,
            _placed(resonators, line),
            line,
            rectifier,
            wiring,
            padding=padding,
            gradient=_stand_in(gradient, line, detuning[0].size // line.tones),
            tolerance=tolerance,
        )
        synapses = Synapses.at_start(filtered, gain=gain, offset=activation.middle)
        layers += [synapses, MaxPool(tuple(pool)), activation]
    lines = [
        Line.geometric(lowest, highest, tones, power)
        for tones in (math.prod(shapes[-1]), *outputs[:-1])
    ]
    behind = jax.random.fold_in(key, len(filters))
    dense = mlp(
        outputs,
        lines=lines,
        resonators=resonators,
        key=jax.random.fold_in(behind, 0) if len(outputs) == 1 else behind,
        rectifier=rectifier,
        wiring=wiring if dense_wiring is None else dense_wiring,
        activation=activation,
        gradient=gradient,
        spread=spread,
        gain=gain,
        tolerance=tolerance,
    )
    return Network((*layers, Flatten(len(shapes[-1])), *dense.layers))


def reciprocal(
    outputs: Sequence[int],
    *,
    lines: Sequence[Line],
    resonators: Resonator,
    key: Key[Array, ""],
    gains: Sequence[ArrayLike],
    rectifier: AbstractRectifier | None = None,
    activation: OscillatorActivation | None = None,
    spread: ArrayLike = 0.3,
) -> ReciprocalNetwork:
    """Layers of oscillators that settle together, coupled both ways by resonators.

    For equilibrium propagation: see `ReciprocalNetwork`. All oscillators start in the middle of
    the currents at which they emit.

    **Arguments:**

    - `outputs`: oscillators of each layer, two layers or more.
    - `lines`: the tones of the inputs, and those that the oscillators of each layer emit.
    - `resonators`: the devices, as for `mlp`.
    - `key` of the random draw.
    - `gains` of the currents, one a layer, in thresholds for a reduced response of one at full
      power. Weak coupling settles for certain.
    - `rectifier`: `Linear` if none is given, with which the network has an energy.
    - `activation`: as for `ReciprocalNetwork`.
    - `spread`: standard deviation of the detunings, in linewidths.

    **Returns:** the network, with equal twins.

    **Raises:** `InvalidInput` where a value is not allowed or sizes do not fit.
    """
    outputs = positive_integers("outputs", outputs)
    lines = sequence("lines", lines, "a Line for the inputs, and one for each layer")
    gains = sequence("gains", gains, "numbers")
    if (len(lines), len(gains)) != (len(outputs) + 1, len(outputs)):
        raise InvalidInput(
            f"there are {len(lines)} lines and {len(gains)} gains for {len(outputs)} layers; give "
            f"{len(outputs) + 1} lines, of the inputs and of each layer, and {len(outputs)} gains"
        )
    neurons = settled_neurons(activation)
    key, layers = random_key("key", key), []
    for at, (line, chains, gain) in enumerate(zip(lines[:-1], outputs, gains, strict=True)):
        instance_of("lines", line, Line, "a Line, as Line.geometric(...)")
        detuning = _draw((chains, line.tones), spread, line, key=jax.random.fold_in(key, at))
        array = ResonatorArray(
            detuning,
            _placed(resonators, line),
            line,
            Linear() if rectifier is None else rectifier,
            OwnTone(),
            tolerance=None,
        )
        layers.append(Synapses.at_start(array, gain=gain, offset=neurons.middle))
    return ReciprocalNetwork(layers, lines[-1], neurons)


def _neurons(activation: AbstractActivation | None) -> AbstractActivation:
    if activation is None:
        return OscillatorActivation()
    what = "neurons, as OscillatorActivation()"
    return instance_of("activation", activation, AbstractActivation, what)


def _placed(resonators: Resonator, line: Line) -> Resonator:
    """The devices at the tones of a line; raises `InvalidInput` for those that stand elsewhere."""
    instance_of("resonators", resonators, Resonator, "a Resonator")
    if resonators.frequency.ndim:
        checked_devices(resonators, line)
    # Copies: a model that holds an array twice cannot be donated to a compiled program.
    return jax.tree.map(jnp.copy, resonators.at(line.frequencies))


def _draw(shape: tuple[int, ...], spread: ArrayLike, line: Line, *, key) -> Float[Array, "..."]:
    spread = non_negative("spread", spread)
    check_fit("spread", spread, shape, "one number, or one for each resonator")
    return spread * jax.random.normal(key, shape, line.frequencies.dtype)


def _stand_in(gradient: Gradient | None, line: Line, repeat: int = 1) -> AbstractRectifier | None:
    """The model of the gradient, for resonators of which `repeat` in a row have one tone."""
    if gradient is None:
        return None
    function("gradient", gradient, "a model of peak powers, as rfjax.rectifiers.Linearised")
    return gradient(jnp.copy(jnp.repeat(line.peak_powers, repeat)))


def _ends(band: tuple[ArrayLike, ArrayLike]) -> tuple[ArrayLike, ArrayLike]:
    if len(sequence("band", band, "the lowest and the highest frequency")) != 2:
        raise InvalidInput(f"band has {len(band)} frequencies; give the lowest and the highest")
    return band
