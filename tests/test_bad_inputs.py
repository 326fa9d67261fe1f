"""Bad values over the whole public API; see `tests.bad_inputs`."""

import os
import subprocess
import sys

FEWEST = 1000


def test_bad_values_are_refused_in_one_line_and_whole_numbers_are_what_they_are():
    # In a process of its own: here the checks of types, which users do not have, come first.
    settings = os.environ | {
        "JAX_ENABLE_X64": "0",
        "JAX_PLATFORMS": "cpu",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # it compiles more than it computes
    }
    command = [sys.executable, "-m", "tests.bad_inputs"]
    found = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr[-2000:]
    assert int(found.stdout.split()[-4]) >= FEWEST
