"""Powers of tones: those of SciPy's periodograms, and what they add up to."""

from inspect import unwrap

import jax
import numpy as np
import pytest
import scipy.signal

from rfjax.checks import InvalidInput
from rfjax.data.recording import Recording
from rfjax.signals import FrontEnd

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(2, 600)) + 1j * RANDOM.normal(size=(2, 600))
RECORDING = Recording(NOISE, 1e6, 1e9)


def test_bands_are_sums_of_the_bins_of_a_periodogram():
    front_end = FrontEnd(16, 64, window="blackman", overlap=0.25, gain_control=False)
    options = {"window": "blackman", "nperseg": 64, "noverlap": 16, "detrend": False}
    rate = 2e6
    bins, density = scipy.signal.welch(NOISE, rate, return_onesided=False, **options)
    order = np.argsort(bins)
    powers = (density[:, order] * rate / 64).reshape(2, 16, 4).sum(-1)
    np.testing.assert_allclose(front_end(NOISE), powers, rtol=1e-10)
    middles = bins[order].reshape(16, 4).mean(-1)
    np.testing.assert_allclose(front_end.frequencies(rate), middles, rtol=1e-12)


def test_powers_of_all_bands_add_up_to_the_mean_power():
    carrier = 3.0 * np.exp(2j * np.pi * 0.2 * np.arange(600))
    powers = FrontEnd(32, gain_control=False)(carrier)
    np.testing.assert_allclose(powers.sum(), 9.0, rtol=1e-12)
    assert abs(FrontEnd(32).frequencies(1.0)[powers.argmax()] - 0.2) < 1 / 32
    # How loud it is does not matter to a receiver that controls its gain.
    np.testing.assert_allclose(FrontEnd(32)(carrier), powers / 9, rtol=1e-9)
    assert not FrontEnd(32)(0 * carrier).any()


def test_segments_of_a_boxcar_count_all_samples_alike():
    front_end = FrontEnd(32, window="boxcar", overlap=0.0, gain_control=False)
    for samples in (NOISE[0, :576], np.where(np.arange(576) < 20, NOISE[0, :576], 0)):
        mean_power = np.mean(np.abs(samples) ** 2)
        np.testing.assert_allclose(front_end(samples).sum(), mean_power, rtol=1e-12)


def test_receivers_amplify_what_single_precision_holds_and_not_its_square():
    front_end = FrontEnd(32)
    exact = front_end(NOISE)
    for unit in (1e-30, 1e-21, 1e18, 1e37):
        powers = front_end((NOISE * unit).astype(np.complex64))
        assert powers.dtype == np.float32
        np.testing.assert_allclose(powers, exact, rtol=1e-4)


def test_orders_that_no_number_holds_are_refused():
    front_end = FrontEnd(16, orders=(16,))
    bursts = np.where((np.arange(600) == 77) & np.array([[True], [False]]), 1.0, 1e-3 * NOISE)
    with pytest.raises(InvalidInput, match="to the order 16 leave the range of float32"):
        front_end(bursts.astype(np.complex64))
    # Inside of a program, where nothing is raised, in that row alone.
    found = np.asarray(jax.jit(front_end)(bursts.astype(np.complex64)))
    assert np.isnan(found).all(axis=1).tolist() == [True, False]
    np.testing.assert_allclose(found[1], front_end(bursts)[1], rtol=1e-3)


def test_phases_of_m_values_give_a_line_at_order_m_and_at_none_below():
    for m in (2, 4):
        steps = RANDOM.integers(m, size=4096)
        phases = np.exp(2j * np.pi * (steps / m + 0.025 * np.arange(4096)))
        powers = FrontEnd(16, 256, orders=(1, 2, 4))(phases)
        largest = np.asarray(powers).reshape(3, 16).max(axis=1)
        assert (largest > 0.9).tolist() == [order % m == 0 for order in (1, 2, 4)]


def test_slopes_are_those_of_finite_differences():
    front_end = FrontEnd(8, 16, orders=(1, 2))
    weights = RANDOM.normal(size=front_end.tones)

    def cost(real):
        return (front_end(real + 1j * NOISE[0, :64].imag) * weights).sum()

    point, step = NOISE[0, :64].real, 1e-6
    slope = jax.grad(cost)(point)
    for at in (0, 17, 63):
        unit = step * np.eye(64)[at]
        central = (cost(point + unit) - cost(point - unit)) / (2 * step)
        np.testing.assert_allclose(slope[at], central, rtol=1e-6, atol=1e-9)
    silence = jax.grad(lambda real: front_end(real + 0j).sum())(np.zeros(64))
    assert np.isfinite(silence).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: FrontEnd(0), "bands is 0"),
        (lambda: FrontEnd(16, 40), "give a multiple of the bands"),
        (lambda: FrontEnd(16, orders=()), "orders is empty"),
        (lambda: FrontEnd(16, orders=(17,)), "it must be 16 at most"),
        (lambda: FrontEnd(16, window="square"), "one of hann"),
        (lambda: FrontEnd(16, overlap=1.0), "below one"),
        (lambda: FrontEnd(16, gain_control="no"), "gain_control is 'no'; give True or False"),
        (lambda: FrontEnd(16, 64)(np.ones((0, 64))), r"shape \(0, 64\); .* one row or more"),
        (lambda: FrontEnd(16, gain_control=False)(np.full(16, 1e-200)), "leave the range"),
        (lambda: FrontEnd(16, 64)(np.ones(63)), "with 64 samples or more"),
        (lambda: FrontEnd(16)(np.full(64, np.nan)), "must be finite"),
        # Users have no checks of types, which come first here.
        (
            lambda: unwrap(FrontEnd.__call__)(FrontEnd(16), RECORDING),
            "^samples .* give recording.samples",
        ),
        (lambda: FrontEnd(RECORDING), "^bands .* give recording.samples"),
    ],
)
def test_what_is_no_front_end_is_refused(call, words):
    with pytest.raises(InvalidInput, match=words):
        call()
