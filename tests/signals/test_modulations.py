"""Drawn signals: what their spectra tell, and what they do not."""

import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.signals import (
    AmplitudeModulation,
    Channel,
    FrequencyModulation,
    FrequencyShiftKeying,
    FrontEnd,
    PhaseShiftKeying,
    QuadratureAmplitude,
)

KEY = jax.random.key(0)
ROWS, COUNT = 200, 512
KINDS = {
    "BPSK": PhaseShiftKeying(2),
    "QPSK": PhaseShiftKeying(4),
    "8-PSK": PhaseShiftKeying(8),
    "16-QAM": QuadratureAmplitude(16),
    "FSK": FrequencyShiftKeying(),
    "AM": AmplitudeModulation(),
    "FM": FrequencyModulation(),
}


@pytest.fixture(scope="module")
def samples():
    return {name: np.asarray(kind(ROWS, COUNT, key=KEY)) for name, kind in KINDS.items()}


def test_every_kind_has_a_mean_power_of_one(samples):
    for name, each in samples.items():
        powers = np.mean(abs(each) ** 2, axis=1)
        error = powers.std() / np.sqrt(ROWS)
        assert abs(powers.mean() - 1) < max(4 * error, 1e-6), name


def test_spectra_of_phase_shift_keying_are_alike_and_those_of_powers_tell_its_order(samples):
    front_end = FrontEnd(32, 128, orders=(1, 2, 4), gain_control=False)
    spectra = {
        name: np.asarray(front_end(samples[name])).mean(axis=0).reshape(3, 32)
        for name in ("BPSK", "QPSK", "8-PSK")
    }
    for name in ("QPSK", "8-PSK"):
        # Means of 200 rows with some 3 independent periodograms scatter by 4 %.
        inside = spectra["BPSK"][0] > 1e-2
        ratio = spectra[name][0][inside] / spectra["BPSK"][0][inside]
        np.testing.assert_allclose(ratio, 1.0, atol=0.25)
    lines = {name: each[:, 16] / each.mean(axis=1) for name, each in spectra.items()}
    assert lines["BPSK"][1] > 3 * lines["QPSK"][1]
    assert lines["QPSK"][2] > 2 * lines["8-PSK"][2]


def test_envelopes_are_constant_where_only_the_frequency_changes(samples):
    for name in ("FSK", "FM"):
        np.testing.assert_allclose(abs(samples[name]), 1.0)
    assert np.std(np.angle(samples["AM"][abs(samples["AM"]) > 0.3])) < 0.7
    frequencies = np.diff(np.unwrap(np.angle(samples["FSK"]))) / (2 * np.pi)
    np.testing.assert_allclose(abs(frequencies), 0.0625, rtol=1e-9)
    frequencies = np.diff(np.unwrap(np.angle(samples["FM"]))) / (2 * np.pi)
    np.testing.assert_allclose(np.sqrt(np.mean(frequencies**2)), 0.05, rtol=0.01)


def test_a_channel_adds_noise_as_it_is_said_and_moves_the_carrier():
    silent = np.zeros((400, 256), complex)
    ratios = np.repeat([-10.0, 0.0, 10.0, 20.0], 100)
    noise = np.asarray(Channel()(silent, ratios, key=KEY))
    powers = np.mean(abs(noise.reshape(4, -1)) ** 2, axis=1)
    np.testing.assert_allclose(powers, 10 ** (-ratios[::100] / 10), rtol=4 / np.sqrt(25600))
    carrier = np.ones((300, 64), complex)
    moved = np.asarray(Channel(offset=0.1)(carrier, 200.0, key=KEY))
    offsets = np.angle(moved[:, 1] / moved[:, 0]) / (2 * np.pi)
    assert abs(offsets).max() < 0.1
    np.testing.assert_allclose(offsets.std(), 0.1 / np.sqrt(3), rtol=0.15)
    np.testing.assert_allclose(abs(moved), 1.0, atol=1e-8)


def test_fading_changes_the_power_of_rows_and_not_its_mean():
    carrier = np.ones((1000, 8), complex)
    powers = abs(np.asarray(Channel(paths=16)(carrier, 200.0, key=KEY))[:, 0]) ** 2
    np.testing.assert_allclose(powers.mean(), 1.0, atol=4 / np.sqrt(1000))
    assert np.mean(powers < 0.1) == pytest.approx(1 - np.exp(-0.1), abs=0.04)


def test_keys_tell_draws_apart():
    one, same, other = (
        np.asarray(PhaseShiftKeying(4)(2, 64, key=jax.random.key(k))) for k in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    assert np.abs(one[0] - one[1]).max() > 0.1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PhaseShiftKeying(1), "two phases or more"),
        (lambda: PhaseShiftKeying(4, roll_off=1.5), "one at most"),
        (lambda: PhaseShiftKeying(4, samples_per_symbol=1), "two samples or more"),
        (lambda: QuadratureAmplitude(8), "give a square"),
        (lambda: FrequencyShiftKeying(0.5), "below a half"),
        (lambda: AmplitudeModulation(bandwidth=0.7), "below a half"),
        (lambda: FrequencyModulation(bandwidth=0.0), "above zero"),
        (lambda: PhaseShiftKeying(4)(0, 8, key=KEY), "rows is 0"),
        (lambda: Channel(offset=-1.0), "offset is -1.0"),
        (lambda: Channel()(np.ones((2, 8)), np.ones(3), key=KEY), "one for each row"),
        (lambda: Channel()(np.full((2, 8), np.nan), 1.0, key=KEY), "finite"),
        (
            lambda: Channel()(np.ones((2, 8)), np.array([9.0, -4e3]), key=KEY),
            "a higher signal_to_noise",
        ),
        (lambda: AmplitudeModulation()(1, 1, key=KEY), "^count is 1; .* two samples or more"),
        (lambda: FrequencyModulation()(1, 1, key=KEY), "^count is 1; .* two samples or more"),
    ],
)
def test_what_is_no_signal_is_refused(call, words):
    with pytest.raises(InvalidInput, match=words):
        call()
