import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TRAINING = (DOCS / "training.md").read_text()


@pytest.mark.parametrize("page", ["compiled.md", "dynamics.md", "physics.md"])
def test_blocks_of_a_page_print_what_they_say(page, capsys):
    said, names = [], {}
    for block in re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL):
        exec(block, names)
        said += re.findall(r"^print\(.*\)  # (.*)$", block, re.MULTILINE)
    assert said
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in said] == said


def test_the_chain_of_the_page_on_training_learns_its_weights():
    blocks = re.findall(r"```python\n(.*?)```", TRAINING, re.DOTALL)
    (example,) = [block for block in blocks if "Dynamic" in block]
    names = {}
    exec(example, names)
    untrained = names["loss"](0 * names["detuning"])
    assert names["value"] < 0.02 < 1 < untrained


def test_the_network_of_the_page_is_read_as_it_was_saved(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", TRAINING, re.DOTALL)
    (example,) = [block for block in blocks if "rfjax.load" in block]
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert "True" in (printed := capsys.readouterr().out)
    assert "False" not in printed
