import re
from pathlib import Path

import equinox as eqx
import numpy as np

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_example_runs_and_its_gradient_is_that_of_its_voltages():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(example, names)
    voltages, array, slopes = names["voltages"], names["array"], names["slopes"]

    def slope(where, place, step):
        value = where(array)
        moved = [
            voltages(eqx.tree_at(where, array, value.at[place].add(by))) for by in (step, -step)
        ]
        return (moved[0] - moved[1]) / (2 * step)

    found = {
        "detuning": (slopes.detuning[:, 1, 2], slope(lambda it: it.detuning, (1, 2), 1e-6)),
        "damping": (slopes.resonators.damping, slope(lambda it: it.resonators.damping, (), 1e-8)),
    }
    for gradient, expected in found.values():
        scale = abs(expected).max()
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7 * scale)
    assert abs(found["detuning"][0][1]) > 1e-7


def test_two_commands_do_all_the_setting_up():
    assert re.findall(r"```sh\n(.*?)```", README, re.DOTALL) == [
        'python -m pip install ".[data]" && rfjax train digits --out runs/digits\n',
        'python -m pip install -e ".[test]" && python -m pytest\n',
    ]
