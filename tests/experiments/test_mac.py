import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.experiments.chain import mac
from rfjax.experiments.chain.mac_offsets import DRIVES, rule_deviations

COMBINATIONS = np.array(list(itertools.product(range(3), repeat=4)))


def oscillation(x, s, n, q):
    """The lowest root of p[(1+qp)² + (x-np)²] = s, from the eigenvalues of a companion matrix."""
    roots = np.roots([q**2 + n**2, 2 * (q - n * x), 1 + x**2, -s])
    return roots[np.abs(roots.imag) < 1e-9 * np.abs(roots)].real.min()


def chains(setting):
    """All products and ideal ones, V: no code of the package."""
    tones, powers = np.array(mac.TONES), setting.gain * np.array([5e-6, 10e-6, 15e-6])
    n, q = setting.nonlinear_shift / 0.01, setting.nonlinear_damping
    linewidth = 2 * np.pi * 0.01 * np.outer([0.99, 1.0, 1.01], tones)
    x = (2 * np.pi * tones - linewidth[..., None] / 0.01) / linewidth[..., None]
    s = (2e8 / linewidth[..., None, None]) ** 2 * powers
    p = np.vectorize(oscillation)(x[..., None], s, n, q)

    def summed(p):
        width, away = 1 + q * p, x[..., None] - n * p
        volts = 6e7 * powers / linewidth[..., None, None] * away / (width**2 + away**2)
        each = volts[:, :, np.arange(4), COMBINATIONS].sum(-1)
        chain = each[COMBINATIONS, np.arange(4)]
        return np.einsum("ckp,k->pc", chain, [1, -1, 1, -1])

    return summed(p), summed(np.broadcast_to(p.max(axis=(0, 3), keepdims=True), p.shape))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return mac.run(tmp_path_factory.mktemp("mac"), quick=True)


@pytest.mark.parametrize("index", range(5))
def test_an_independent_computation_gives_the_same_deviations(result, index):
    setting, (rms, per_cent) = mac.SETTINGS[index], result.rows[2 * index : 2 * index + 2]
    output, ideal = chains(setting)
    np.testing.assert_allclose(rms.rfjax, 1e6 * np.sqrt(np.mean((output - ideal) ** 2)), rtol=1e-6)
    related = 100 * np.corrcoef(output.ravel(), ideal.ravel())[0, 1]
    np.testing.assert_allclose(per_cent.rfjax, related, rtol=1e-8)
    assert (rms.published, per_cent.published) == setting.published


def test_constants_that_round_to_the_printed_ones_give_the_deviations_and_other_rules_do_not(
    result,
):
    ours, rule, constants, *fitted = result.rows[10:]
    assert constants.rfjax < 5 < 10 < rule.rfjax < ours.rfjax
    for row in fitted[::2]:
        assert abs(row.rfjax / row.published - 1) < 0.1
    assert (np.round(DRIVES[[0, -2]], -8) == 2e8).all()
    # The scan and the chains themselves agree on our own rule.
    for setting, row in zip(mac.SETTINGS, result.rows[:10:2]):
        powers = setting.gain * jnp.asarray(mac.POWERS)
        rule = jnp.array([[-1.0, 0.0, 1.0]])
        found = rule_deviations(rule, jnp.asarray(mac.TONES), powers, setting.device(1.0))
        np.testing.assert_allclose(1e6 * found[0, 1], row.rfjax, rtol=1e-6)


def test_a_chain_of_linear_resonators_is_ideal():
    output, ideal = mac.multiply_accumulate(mac.Setting(0.0, 0.0, 1.0, (0.0, 0.0)))
    assert output.shape == ideal.shape == (81, 81)
    np.testing.assert_allclose(output, ideal, rtol=1e-9, atol=1e-15)


def test_the_chain_under_one_tone_alternates_from_resonator_to_resonator():
    # One linewidth above each resonance its own resonator gives the most, of alternating sign.
    above = mac.spectrum(np.array(mac.TONES) * 1.01)
    assert (np.sign(above) == [1, -1, 1, -1]).all()
    np.testing.assert_allclose(mac.spectrum(np.array([1e3])), 0, atol=1e-6)
