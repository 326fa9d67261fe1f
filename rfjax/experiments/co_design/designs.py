"""The network whose devices are designed, what it is trained on, and what it is scored by."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Float, Int, Key

from rfjax import nn
from rfjax.arrays import OwnTone, costs
from rfjax.data import FixedSplit, ValidationSplit
from rfjax.devices import Resonator
from rfjax.experiments.digits.networks import CLASSES, HIGHEST, LOWEST, PIXELS, TEST_FRACTION
from rfjax.laws.read_out_noise import johnson_voltage, logits_under_noise
from rfjax.laws.spin_diode import voltage_scale
from rfjax.lines import Line
from rfjax.nn import Bounded, Derived, Tied, resolved
from rfjax.training import accuracy, cross_entropy, ensemble, fit
from rfjax.training.ensemble import separate

Design = Mapping[str, float]

# What devices can have: lowest, highest.
BOUNDS = {
    "damping": (0.003, 0.03),
    "nonlinear shift": (0.02, 1.0),
    "diameter": (20e-9, 80e-9),  # m
    "power": (1e-7, 1e-4),  # W, of the first tone
}
NOMINAL: Design = {"damping": 0.01, "nonlinear shift": 0.1, "diameter": 40e-9, "power": 1e-5}
DIAMETER, RESISTANCE = 40e-9, 796.0  # m, Ω: RA = 1 Ω·µm²; γ and β of rfjax belong to it
TEMPERATURE = 300.0  # K
SPREAD, GAIN = 0.3, 4.0  # of the detunings at the start, linewidths; of the read-out
BATCH_SIZE, RATE, DEVICE_RATE = 50, 0.02, 0.05  # rows; of Adam: detunings and read-out, devices
SPLIT = ValidationSplit(FixedSplit(TEST_FRACTION))
NANO = 1e-9


def scaled_devices(
    frequencies: Float[Array, " tones"],
    damping: ArrayLike,
    nonlinear_shift: ArrayLike,
    diameter: ArrayLike,
) -> Resonator:
    r"""Resonators of junctions of a diameter: $\gamma\propto1/d$, $\beta\propto1/d^2$.

    The torque is one over the area for each ampere, and $R=RA/A$: $\gamma=\sigma\sqrt{2/R}$ and
    $\beta=\sigma\,\frac{\Delta R}{R}\beta_s$ with $\sigma\propto1/A$.

    **Arguments:** `frequencies` in Hz; `damping`; `nonlinear_shift` $N$; `diameter` $d$ in m.
    """
    wider = jnp.asarray(diameter) / DIAMETER
    default = Resonator(1.0)
    return Resonator(
        frequencies,
        damping=damping,
        nonlinear_shift=nonlinear_shift,
        drive=default.drive / wider,
        rectification=default.rectification / wider**2,
    )


def unit_voltage(resonators: Resonator, peak_powers: Float[Array, " tones"]) -> Float[Array, ""]:
    """What the read-out counts voltages in, V: gains of a design stay of order one."""
    scale = voltage_scale(resonators.frequency[0], resonators.damping, resonators.rectification)
    return scale * peak_powers[0]


def designed(design: Design, *, key: Key[Array, ""]) -> nn.Network:
    """Ten chains of resonators, each of which receives the tone of its own pixel.

    **Arguments:** `design`: the values of `BOUNDS` at the start; `key` of the detunings.

    **Returns:** the network, with devices, power, detunings and read-out to train.
    """
    plain = Line.geometric(LOWEST, HIGHEST, PIXELS, NOMINAL["power"])
    network = nn.mlp(
        (CLASSES,),
        lines=plain,
        resonators=Resonator(plain.frequencies),
        key=key,
        wiring=OwnTone(),
        spread=SPREAD,
        gain=GAIN,
        tolerance=None,
    )
    node = {name: Bounded.of(design[name], *bounds) for name, bounds in BOUNDS.items()}
    line = Derived(Line.geometric, LOWEST, HIGHEST, PIXELS, node["power"])
    devices = Derived(
        scaled_devices,
        plain.frequencies,
        node["damping"],
        node["nonlinear shift"],
        node["diameter"],
    )
    unit = Derived(
        unit_voltage,
        Tied.to(lambda network: network.layers[0].array.resonators),
        Tied.to(lambda network: network.layers[0].array.line.peak_powers),
    )
    network = network.with_parameter(lambda network: network.layers[0].array.line, line)
    network = network.with_parameter(lambda network: network.layers[0].array.resonators, devices)
    return network.with_parameter(lambda network: network.layers[0].read_out.unit, unit)


def design_of(network: Any) -> dict[str, float]:
    """The values of `BOUNDS` that a network has."""
    (layer,) = resolved(network).layers
    devices = layer.array.resonators
    diameter = DIAMETER * jnp.sqrt(Resonator(1.0).rectification / devices.rectification)
    values = (devices.damping, devices.nonlinear_shift, diameter, layer.array.peak_powers[0])
    return {name: float(value) for name, value in zip(BOUNDS, values, strict=True)}


def scatter_and_energy(
    model: Any, inputs: Float[Array, "batch tones"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """How far Johnson noise scatters a logit, without unit, and J for each presentation."""
    (layer,) = model.layers
    spent = costs(layer.array, inputs * layer.array.peak_powers)
    devices = layer.array.resonators
    # R goes with one over the area, as β does.
    wider = devices.rectification / Resonator(1.0).rectification
    resistance = layer.array.tones * RESISTANCE * wider
    volts = johnson_voltage(resistance, spent.latency, TEMPERATURE)
    return layer.read_out.gain * volts / layer.read_out.unit, jnp.mean(spent.energy)


class Weighed(eqx.Module):
    r"""Cross-entropy under noise and energy: $L+\lambda E$.

    **Arguments:** `weight` $\lambda$ in nats for each nJ of a presentation.
    """

    weight: Float[Array, ""]

    def __call__(
        self, model: Any, inputs: Float[Array, "batch tones"], labels: Int[Array, " batch"]
    ) -> Float[Array, ""]:
        """The loss of a batch, nats."""
        scatter, energy = scatter_and_energy(model, inputs)
        noisy = logits_under_noise(model(inputs), scatter)
        return cross_entropy(noisy, labels) + self.weight * energy / NANO


class Trained(NamedTuple):
    """What training made of designs, one a seed; each array has shape (seeds,).

    **Arguments:** `designs` after training; `validation` and `test` loss, nats; `accuracy` on test
    rows with noise drawn, 0 to 1; `energy` of a presentation of a test row, J.
    """

    designs: list[dict[str, float]]
    validation: Float[np.ndarray, " seeds"]
    test: Float[np.ndarray, " seeds"]
    accuracy: Float[np.ndarray, " seeds"]
    energy: Float[np.ndarray, " seeds"]


def trained(
    designs: Sequence[Design],
    weight: float,
    *,
    starts: Key[Array, " seeds"],
    orders: Key[Array, " seeds"],
    images: Array,
    digits: Array,
    epochs: int,
    device_rate: float = DEVICE_RATE,
) -> Trained:
    """Train a network of each design, all at once: one evaluation of a search.

    **Arguments:** `designs`, one a seed; `weight` of the energy, nats/nJ; `starts` and `orders`
    from `rfjax.training.seed_keys`; `images` and `digits`; `epochs`; `device_rate` of Adam for
    what a design holds; at zero the devices stay as they are, and all else trains alike.

    **Returns:** the designs and their scores.
    """
    pairs = zip(designs, starts, strict=True)
    networks = [designed(design, key=start) for design, start in pairs]
    loss = Weighed(jnp.asarray(weight))
    model, _ = fit(
        ensemble(networks),
        images,
        digits,
        split=SPLIT,
        keys=orders,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        optimiser=_optimiser(device_rate),
        loss=loss,
    )
    parameters, frame = separate(model)
    scores = _scores(parameters, frame, loss, orders, jnp.asarray(images), jnp.asarray(digits))
    ends = [
        design_of(frame.filled({name: leaf[seed] for name, leaf in parameters.items()}))
        for seed in range(len(designs))
    ]
    return Trained(ends, *map(np.asarray, scores))


_MADE: dict[float, optax.GradientTransformation] = {}


def _optimiser(device_rate: float) -> optax.GradientTransformation:
    """One for each rate, so that training compiles once for it."""
    if device_rate not in _MADE:
        devices = optax.adam(device_rate) if device_rate else optax.set_to_zero()
        rates: Any = {"device": devices, "network": optax.adam(RATE)}
        _MADE[device_rate] = optax.partition(rates, _parts)
    return _MADE[device_rate]


def _parts(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: "device" if ".free" in name else "network" for name in parameters}


@eqx.filter_jit
def _scores(parameters, frame, loss, orders, images, digits):
    def of_one_seed(pair):
        ours, key = pair
        model = resolved(frame.filled(ours))
        _, validation = SPLIT(0, len(digits), key=key)
        _, test = SPLIT.split(0, len(digits), key=key)
        losses = [loss(model, images[rows], digits[rows]) for rows in (validation, test)]
        scatter, energy = scatter_and_energy(model, images[test])
        logits = model(images[test])
        noise = jax.random.normal(jax.random.fold_in(key, 1), (_DRAWS, *logits.shape))
        right = accuracy(logits + scatter * noise, jnp.tile(digits[test], (_DRAWS, 1)))
        return *losses, jnp.mean(right), energy

    return jax.lax.map(of_one_seed, (parameters, orders))


_DRAWS = 20  # of the noise, for every test row
