"""Float64 and checked shapes for all tests, and the reference numbers where they are given."""

import gc
import itertools
import json
import os
from pathlib import Path

import hypothesis
import jax
import numpy as np  # noqa: F401, and SciPy: their libraries are those that are limited below
import pytest
import scipy.linalg  # noqa: F401
from jaxtyping import install_import_hook
from threadpoolctl import threadpool_limits

from tests.quick_compilation import compile_quickly

os.environ.setdefault("MPLBACKEND", "Agg")
compile_quickly()
# Workers that share processors would wait for each other's threads; so would processes of tests.
threadpool_limits(1, "blas")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
gc.set_threshold(200_000, 50, 1000)  # thousands of programs would be searched again and again
jax.config.update("jax_enable_x64", True)
# The first example of a test compiles.
hypothesis.settings.register_profile("compiled", deadline=None)
# The same examples each time, and fewer, where `RFJAX_SAME_EXAMPLES` is set: what fails then,
# fails again.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.load_profile("same" if os.environ.get("RFJAX_SAME_EXAMPLES") else "compiled")
# Stays installed: every module of rfjax, whenever it is first imported, is checked by beartype.
install_import_hook("rfjax", "beartype.beartype")


def pytest_configure(config):
    """What was compiled once, by another worker or an earlier run, is read from pytest's cache."""
    if hasattr(config, "cache"):
        os.environ.setdefault("RFJAX_CACHE", str(config.cache.mkdir("programs")))
    from rfjax.compilation import use_persistent_cache

    use_persistent_cache()


def pytest_unconfigure():
    """What was compiled is not searched for garbage at the end, which would take seconds."""
    gc.freeze()


def pytest_addoption(parser):
    parser.addoption(
        "--golden",
        metavar="PATH",
        default=os.environ.get("RFJAX_GOLDEN"),
        help="JSON file of independently computed reference numbers (or set RFJAX_GOLDEN)",
    )
    parser.addoption(
        "--driven",
        metavar="PATH",
        default=os.environ.get("RFJAX_DRIVEN"),
        help="JSON file of independent numbers for drives that change (or set RFJAX_DRIVEN)",
    )
    parser.addoption(
        "--llg",
        metavar="PATH",
        default=os.environ.get("RFJAX_LLG"),
        help="JSON file of independent numbers for the macrospin (or set RFJAX_LLG)",
    )
    parser.addoption(
        "--noise",
        metavar="PATH",
        default=os.environ.get("RFJAX_NOISE"),
        help="JSON file of independent numbers for the scatter of readings (or set RFJAX_NOISE)",
    )


@pytest.fixture(scope="module")
def optimised():
    """Whether programs are optimised; a module that computes for long overrides this."""
    return False


@pytest.fixture(autouse=True, scope="module")
def _programs(optimised, modules=itertools.count(1)):
    """Thousands of compiled programs take gigabytes, but many modules use the same small ones."""
    jax.config.update("jax_disable_most_optimizations", not optimised)
    yield
    if next(modules) % 6 == 0:
        jax.clear_caches()


@pytest.fixture(scope="session")
def golden(request):
    path = request.config.getoption("golden")
    if path is None:
        pytest.skip("no reference numbers: give --golden PATH or set RFJAX_GOLDEN")
    return json.loads(Path(path).read_text())


@pytest.fixture(scope="session")
def driven(request):
    path = request.config.getoption("driven")
    if path is None:
        pytest.skip("no reference numbers: give --driven PATH or set RFJAX_DRIVEN")
    return json.loads(Path(path).read_text())


@pytest.fixture(scope="session")
def llg(request):
    path = request.config.getoption("llg")
    if path is None:
        pytest.skip("no reference numbers: give --llg PATH or set RFJAX_LLG")
    return json.loads(Path(path).read_text())


@pytest.fixture(scope="session")
def noise(request):
    path = request.config.getoption("noise")
    if path is None:
        pytest.skip("no reference numbers: give --noise PATH or set RFJAX_NOISE")
    return json.loads(Path(path).read_text())
