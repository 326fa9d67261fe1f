"""Random mixtures of drives beside SciPy: some, or as many as RFJAX_MIXTURES says."""

import os

import pytest

from tests.dynamics.mixtures import drawn, error

WANTED = os.environ.get("RFJAX_MIXTURES")
SEEDS = range(int(WANTED)) if WANTED else (0, 1, 711)  # the last moves no faster than it decays


@pytest.mark.parametrize("seed", SEEDS)
def test_any_mixture_of_drives_save_times_and_tolerances_is_what_scipy_finds(seed):
    assert error(drawn(seed)) < 1e-6
