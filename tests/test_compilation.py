"""Where compiled programs are kept between processes."""

import os
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import pytest

from rfjax.compilation import compilation_time, use_persistent_cache

PROGRAM = """
import jax
from rfjax.compilation import use_persistent_cache
use_persistent_cache()
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append("cache_hits" in name))
jax.jit(lambda x: x @ x + 1)(jax.numpy.ones((3, 3))).block_until_ready()
print(sum(hits))
"""


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch, tmp_path):
    """No cache is in use, and the user's directory for caches is an empty one."""
    for name in [name for name in os.environ if "CACHE" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "platform", "linux")
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    jax.config.update("jax_compilation_cache_dir", before)


def test_a_second_process_reads_what_the_first_compiled_and_the_oldest_goes(tmp_path):
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    hits = [int(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(2)]
    assert hits[0] == 0 < hits[1]
    place = tmp_path / "home" / "rfjax" / "programs"
    programs = sorted(place.glob("*-cache"))
    for age, program in enumerate(programs):
        os.utime(program, (10**9 - age, 10**9 - age))
    assert use_persistent_cache(programs[0].stat().st_size) == place
    assert list(place.glob("*-cache")) == programs[:1]


@pytest.mark.parametrize(
    ("variable", "found"),
    [("off", None), ("{}/mine", "{}/mine"), ("/proc/nowhere", None), ("{}/file", None)],
)
def test_a_variable_turns_it_off_or_moves_it(tmp_path, monkeypatch, variable, found):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RFJAX_CACHE", variable.format(tmp_path))
    used = use_persistent_cache()
    assert (used and str(used)) == (found and found.format(tmp_path))
    assert jax.config.jax_compilation_cache_dir == (used and str(used))
    assert not (tmp_path / "home").exists()


def test_what_the_user_has_configured_stays(tmp_path):
    jax.config.update("jax_enable_compilation_cache", False)
    try:
        assert use_persistent_cache() is None
    finally:
        jax.config.update("jax_enable_compilation_cache", True)
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    assert use_persistent_cache() == tmp_path
    assert not (tmp_path / "home").exists()


def test_compilation_inside_of_compilation_counts_once():
    @jax.jit
    def inner(x):
        time.sleep(0.05)  # while it is traced
        return x + 1

    def outer(x):
        for count in range(4):
            x = inner(jnp.pad(x, (0, count)))
        return x

    begin = time.perf_counter()
    with compilation_time() as spent:
        jax.jit(outer)(jnp.zeros(3))
    assert 0.2 <= spent.seconds <= time.perf_counter() - begin
