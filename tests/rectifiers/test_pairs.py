import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.arrays.wiring import signs
from rfjax.devices import Resonator
from rfjax.laws.frequency_comb import geometric_comb, scaled_powers
from rfjax.rectifiers import Independent, chebyshev
from rfjax.rectifiers.pairs import Pairs, PairSeries
from rfjax.rectifiers.planning import planned

TONES = geometric_comb(50e6, 60e6, 12)
CHAINS = 3


def plan(power, half_width, tolerance=1e-6):
    peaks = scaled_powers(jnp.asarray(power), TONES)
    line = Resonator(TONES), peaks, signs(TONES.size, TONES.dtype)
    request = {"half_width": half_width, "tolerance": tolerance, "chains": CHAINS}
    return planned(Independent(), *line, **request)


def test_a_series_is_summed_as_numpy_sums_it():
    random = np.random.default_rng(0)
    x, coefficients = random.uniform(-1, 1, (4, 5)), random.normal(size=(7, 5))
    wanted = [np.polynomial.chebyshev.chebval(x[:, i], coefficients[:, i]) for i in range(5)]
    found = chebyshev.summed(jnp.asarray(x), jnp.asarray(coefficients))
    np.testing.assert_allclose(found, np.stack(wanted, 1), atol=1e-12)


@pytest.mark.parametrize("terms", [1, 2])
def test_the_shortest_series(terms):
    x, coefficients = jnp.linspace(-1, 1, 4), jnp.arange(1.0, 1 + 4 * terms).reshape(terms, 4)
    wanted = coefficients[0] + (x * coefficients[1] if terms > 1 else 0)
    np.testing.assert_allclose(chebyshev.summed(x, coefficients), wanted)


@pytest.mark.parametrize(("power", "half_width"), [(1e-6, 2.0), (1e-5, 0.5), (1e-5, 1.0)])
def test_series_stand_for_cubics_in_value_and_in_slope(power, half_width):
    series = plan(power, half_width).corrections
    assert isinstance(series, PairSeries)
    detuning = half_width * np.random.default_rng(0).uniform(-1, 1, (TONES.size, CHAINS))
    exact = _exactly(power, half_width, series)
    scale = np.abs(_volts(exact, detuning)).max()
    for order, function in enumerate((_volts, _slopes)):
        found, wanted = (function(pairs, detuning) for pairs in (series, exact))
        assert np.max(np.abs(found - wanted)) < 1e-4 * 30**order * scale


def test_where_series_would_be_long_cubics_stay():
    assert isinstance(plan(2e-5, 4.0).corrections, Pairs)


def _exactly(power, half_width, series):
    """The very pairs of a series, computed by their cubics."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfjax.rectifiers.near_pairs._MOST_TERMS", 1)
        exact = plan(power, half_width, tolerance=1e-6 * (1 + 1e-12)).corrections
    assert isinstance(exact, Pairs)
    for name in ("own", "tone", "slot"):
        np.testing.assert_array_equal(getattr(exact, name), getattr(series, name))
    return exact


@eqx.filter_jit
def _sums(pairs, detuning):
    return pairs.sums(detuning)


def _volts(pairs, detuning):
    return np.asarray(_sums(pairs, jnp.asarray(detuning)))


def _slopes(pairs, detuning):
    total = lambda detuning: jnp.sum(_sums(pairs, detuning) ** 2)  # noqa: E731
    return (
        np.asarray(jax.grad(total)(jnp.asarray(detuning))) / np.abs(_volts(pairs, detuning)).max()
    )
