import json
import pkgutil
import subprocess
import sys

import rfjax

PROGRAM = """
import json, sys, jax
before = dict(jax.config.values)
import rfjax
changed = {name for name, value in jax.config.values.items() if before.get(name, value) != value}
heavy = {"xarray", "pandas", "optax", "matplotlib", "sklearn", "rich", "typer", "pooch", "torch"}
print(json.dumps([sorted(changed), sorted(heavy & set(sys.modules)), rfjax.__version__]))
"""


def test_importing_sets_no_flag_and_loads_nothing_heavy():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    changed, loaded, version = json.loads(run.stdout)
    assert changed == []
    assert loaded == []
    assert version


def test_every_room_is_reached_from_the_package():
    """Through the names that it offers: other tests may have imported a room before."""
    rooms = {room.name for room in pkgutil.iter_modules(rfjax.__path__)}
    assert rooms <= set(rfjax.__all__) <= set(dir(rfjax))
    missing = [name for name in rfjax.__all__ if not hasattr(rfjax, name)]
    assert not missing
