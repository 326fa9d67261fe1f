"""Posteriors against the intervals of the Jacobian and of profiles."""

import dataclasses
import importlib.util
import sys

import jax
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.fitting import fit_damping, fit_fmr_line, posterior, profile_intervals
from rfjax.laws.line_shape import resonance_line

KEY = jax.random.key(0)
needs_numpyro = pytest.mark.skipif(
    importlib.util.find_spec("numpyro") is None, reason="numpyro is not installed"
)


@pytest.fixture(scope="module")
def straight():
    """A straight line through five points: two parameters, three degrees of freedom."""
    frequencies = np.array([4e9, 7e9, 10e9, 14e9, 18e9])
    return fit_damping(frequencies, np.array([420.0, 610.0, 730.0, 1000.0, 1200.0]))


@needs_numpyro
def test_of_a_linear_model_it_is_students_t(straight):
    found = posterior(straight, key=KEY, samples=2000, chains=2)
    assert found.names == ("damping", "inhomogeneous_linewidth")
    assert found.values.shape == (2, 2000, 2)
    assert found["damping"].shape == (2, 2000)
    assert np.all(found.r_hat < 1.02)
    assert np.all(found.effective > 700)
    # At three degrees of freedom the quantile is 3.18; that of normal noise, 1.96, is far off.
    ends, errors = straight.estimates.intervals(), straight.estimates.errors
    assert np.all(np.abs(found.intervals() - ends) < 0.5 * errors)
    assert "R-hat" in str(found)


@needs_numpyro
def test_of_a_curved_valley_it_follows_the_profile():
    fields = np.linspace(2e4, 6e4, 41)
    volts = np.asarray(resonance_line(fields, 4.1e4, 6e3, 0.5e-6, 1e-6))
    volts = volts + 2.2e-7 * np.random.default_rng(1).normal(size=fields.shape)
    fit = fit_fmr_line(fields, volts, detection="absorption", background=0)
    found = posterior(fit, key=KEY, chains=2)
    assert found.divergences < 20
    assert "give more warmup" in str(dataclasses.replace(found, divergences=3))
    assert "warmup" not in str(dataclasses.replace(found, divergences=0))
    assert np.all(found.r_hat < 1.02)
    profile = profile_intervals(fit, "resonance_field")
    place, error = fit.estimates["resonance_field"], fit.estimates.errors[0]
    low, high = (found.intervals()[:, 0] - place) / error
    assert (profile[0] - place) / error < -2.5  # the Jacobian says -2.03 and 2.03
    assert abs(low - (profile[0] - place) / error) < 0.3
    assert abs(high - (profile[1] - place) / error) < 0.3


def test_what_has_no_posterior_is_refused(straight, monkeypatch):
    if importlib.util.find_spec("numpyro") is not None:
        with pytest.raises(InvalidInput, match="index"):
            posterior(straight, key=KEY, index=(1,))
        with pytest.raises(InvalidInput, match="index"):
            posterior(straight, key=KEY, index=(True,))
        with pytest.raises(InvalidInput, match="samples"):
            posterior(straight, key=KEY, samples=0)
        with pytest.raises(InvalidInput, match="give 4 or more"):
            posterior(straight, key=KEY, samples=3)
    monkeypatch.setitem(sys.modules, "numpyro", None)
    with pytest.raises(InvalidInput, match=r"pip install \"rfjax\[posterior\]\""):
        posterior(straight, key=KEY)
