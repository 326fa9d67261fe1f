"""What an inference costs a network, item by item."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import InvalidInput, Line, Resonator, nn
from rfjax.arrays import OwnTone
from rfjax.hardware import Electronics, junction_stress, network_costs, two_state
from rfjax.hardware.costs import ITEMS
from rfjax.laws.energy import inference_energy, power_for_voltage
from rfjax.training import ensemble

KEY = jax.random.key(0)
INPUTS, HIDDEN, CLASSES = 6, 4, 3


@pytest.fixture(scope="module")
def perceptron():
    """As in appendix B: 1 mV at 1e4 V/W, 1 GHz at the lowest, all tones through all resonators."""
    lines = [
        Line(jnp.linspace(1e9, 1.2e9, count), power_for_voltage(1e-3, 1e4, count))
        for count in (INPUTS, HIDDEN)
    ]
    return nn.mlp(
        (HIDDEN, CLASSES),
        lines=lines,
        resonators=Resonator(1e9),
        key=KEY,
        spread=1e-9,
        gain=1.0,
        tolerance=None,
    )


@pytest.mark.parametrize(
    ("of", "inputs", "message"),
    [
        (lambda one: ensemble([one, one]), 1.0, r"ensemble of 2 networks.*training\.member"),
        (
            lambda one: two_state(one, 1.5),
            1.0,
            r"harden the network.*hardened\(network\)",
        ),
        (lambda one: one, -1.0, "from 0 to 1"),
        (lambda one: one, 2.0, "from 0 to 1"),
        (lambda one: one, np.ones((1, 1)), "one for each tone"),
        (lambda one: one, np.ones((1, INPUTS + 1)), "one for each tone"),
    ],
)
def test_networks_that_give_no_answer_and_inputs_that_they_refuse(perceptron, of, inputs, message):
    network, inputs = of(perceptron), inputs * (np.ones((1, INPUTS)) if np.ndim(inputs) == 0 else 1)
    with pytest.raises(InvalidInput, match=message):
        network_costs(network, inputs)
    with pytest.raises(InvalidInput, match=message):
        junction_stress(network, inputs, resistance=800.0, breakdown_voltage=1.0)


@eqx.filter_jit
def costs(network, inputs, electronics):
    return network_costs(network, inputs, electronics)


def saturated(network):
    """The same network whose hidden oscillators all run at their largest current."""
    offset = jnp.full_like(network.layers[0].read_out.offset, 9.0)
    return eqx.tree_at(lambda n: n.layers[0].read_out.offset, network, offset)


def test_full_tones_cost_what_appendix_b_says(perceptron):
    found = costs(saturated(perceptron), jnp.ones((5, INPUTS)), Electronics.of_radius(20e-9))
    synapses, neurons = INPUTS * HIDDEN + HIDDEN * CLASSES, INPUTS + HIDDEN
    assert (sum(found.resonators), sum(found.oscillators)) == (synapses, neurons)
    np.testing.assert_allclose(found.latency, 100e-9, rtol=1e-6)
    np.testing.assert_allclose(np.sum(found.synapses, axis=0), synapses * 10e-15, rtol=1e-6)
    expected = inference_energy(synapses, neurons, 10e-15, 201.06e-15)
    np.testing.assert_allclose(found.energy, expected, rtol=1e-4)
    np.testing.assert_allclose(np.sum(found.peak_rf), synapses * 100e-9, rtol=1e-6)
    np.testing.assert_allclose(np.sum(found.peak_dc), neurons * 2.0106e-6, rtol=1e-4)
    for item in ("rf_amplifiers", "dc_amplifiers", "write", "read"):
        assert not np.any(getattr(found, item))


def test_tones_that_no_oscillator_emits_need_none(perceptron):
    found = network_costs(perceptron, jnp.ones((1, INPUTS)), Electronics(supercriticality=0.0))
    assert found.oscillators == (0, HIDDEN)
    assert found.neurons[0, 0] == 0 == found.peak_dc[0]


def test_each_item_follows_what_it_is_of(perceptron):
    inputs = jax.random.uniform(KEY, (5, INPUTS))
    ideal = costs(perceptron, inputs, Electronics())
    real = costs(
        perceptron,
        inputs,
        Electronics(
            rf_efficiency=0.25,
            dc_efficiency=0.5,
            rf_idle=1e-6,
            dc_idle=1e-7,
            read_energy=1e-12,
            hold_power=1e-6,
            write_energy=1e-12,
            presentations_per_write=100.0,
            reading_time=100e-9,
            rf_amplifier_area=1e-9,
        ),
    )
    longer = np.asarray(real.latency / ideal.latency)[:, None]
    np.testing.assert_allclose(real.synapses, ideal.synapses * longer)
    latency, chains = np.asarray(real.latency)[:, None], np.array([[HIDDEN], [CLASSES]])
    resonators = np.array(real.resonators)[:, None]
    np.testing.assert_allclose(real.rf_amplifiers, 3 * real.synapses + 1e-6 * latency)
    np.testing.assert_allclose(real.dc_amplifiers, real.neurons + 1e-7 * chains * latency)
    np.testing.assert_allclose(real.read, chains * 1e-12 + 0 * ideal.read)
    np.testing.assert_allclose(real.write, resonators * (1e-6 * latency + 1e-14) + 0 * ideal.read)
    np.testing.assert_allclose(real.area - ideal.area, 1e-9)
    np.testing.assert_allclose(real.peak_rf, 4 * ideal.peak_rf)
    np.testing.assert_allclose(
        real.energy, sum(np.sum(getattr(real, item), axis=0) for item in ITEMS)
    )
    # Inner oscillators take the current that their chains drive.
    values = perceptron.layers[0](inputs)
    current = jnp.clip(values, 0, 4)
    expected = (Electronics().direct_power(current)).sum(-1) * ideal.latency[1]
    np.testing.assert_allclose(ideal.neurons[1], expected)


def test_own_tones_are_not_divided_and_convolutions_have_a_chain_for_each_output():
    network = nn.cnn(
        (1, 5, 5),
        (2,),
        (3,),
        band=(1e9, 1.2e9),
        power=1e-8,
        resonators=Resonator(1e9),
        key=KEY,
        kernel=(3, 3),
        pool=(3, 3),
        wiring=OwnTone(),
        tolerance=None,
    )
    image = jnp.zeros((25,)).at[12].set(1.0)  # the pixel that all nine outputs see
    found = costs(network, image, Electronics())
    assert found.resonators == (2 * 9 * 9, 3 * 2)
    assert found.oscillators == (25, 2)
    peak = float(network.layers_with("array")[0].array.peak_powers.ravel()[0])
    np.testing.assert_allclose(found.synapses[0], 2 * 9 * peak * found.latency[0], rtol=1e-6)
    np.testing.assert_allclose(found.peak_rf[0], 2 * 81 * peak, rtol=1e-6)


def test_costs_have_derivatives_to_devices_and_electronics(perceptron):
    def energies(scale, resistance):
        network = eqx.tree_at(
            lambda n: [layer.array.resonators.damping for layer in n.layers_with("array")],
            perceptron,
            [scale * layer.array.resonators.damping for layer in perceptron.layers_with("array")],
        )
        electronics = dataclasses.replace(Electronics(), resistance=resistance)
        found = network_costs(network, jnp.ones((5, INPUTS)), electronics)
        return found.synapses[0, 0], found.neurons[0, 0]

    both = jax.jit(lambda *given: (energies(*given), jax.jacrev(energies, (0, 1))(*given)))
    found, ((synapses, nothing), (by_scale, by_resistance)) = both(1.0, 800.0)
    # Of the first layer, whose tones are given: it takes as long as resonators settle.
    np.testing.assert_allclose(synapses, -found[0], rtol=1e-6)
    np.testing.assert_allclose(by_scale, -found[1], rtol=1e-6)
    np.testing.assert_allclose(by_resistance, found[1] / 800, rtol=1e-9)
    assert nothing == 0


def test_a_table_has_a_column_for_each_layer_and_bad_values_are_refused(perceptron):
    table = str(costs(perceptron, jnp.ones((5, INPUTS)), Electronics()))
    heads, *rows = table.splitlines()
    assert heads.split() == ["layer", "1", "layer", "2", "all"]
    assert rows[0].split() == ["resonators", "24", "12", "36"]
    assert {row.split()[0] for row in rows} >= {"synapses", "neurons", "latency", "area", "peak"}
    with pytest.raises(InvalidInput, match="rf_efficiency is above 1"):
        Electronics(rf_efficiency=2.0)
    with pytest.raises(InvalidInput, match="array"):
        network_costs(nn.Network((nn.Flatten(1),)), jnp.ones(INPUTS))
