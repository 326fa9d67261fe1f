import re
from pathlib import Path

import numpy as np

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_example_runs_and_its_gradient_is_that_of_its_voltages():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(example, names)
    voltages, detuning = names["voltages"], names["detuning"]
    step = 1e-6
    moved = detuning.at[1, 2].add(step), detuning.at[1, 2].add(-step)
    slope = (voltages(moved[0]) - voltages(moved[1])) / (2 * step)
    gradient = names["jax"].jacobian(voltages)(detuning)[:, 1, 2]
    np.testing.assert_allclose(gradient, slope, rtol=1e-6, atol=1e-9 * abs(slope).max())
    assert abs(slope[1]) > 1e-7


def test_two_commands_do_all_the_setting_up():
    assert re.findall(r"```sh\n(.*?)```", README, re.DOTALL) == [
        'python -m pip install ".[data]" && rfjax train digits --out runs/digits\n',
        'python -m pip install -e ".[test]" && python -m pytest\n',
    ]
