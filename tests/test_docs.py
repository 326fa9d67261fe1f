import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page):
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def printed(examples, capsys):
    """What examples print, of which each line that they announce has to be some."""
    said, names = [], {}
    for example in examples:
        exec(example, names)
        said += re.findall(r"^print\(.*\)  # (.*)$", example, re.MULTILINE)
    assert said
    found = capsys.readouterr().out.splitlines()
    assert [line for line in found if line in said] == said


@pytest.mark.parametrize(
    "page",
    [
        "co_design.md",
        "compiled.md",
        "costs.md",
        "dynamics.md",
        "extending.md",
        "macrospin.md",
        "physics.md",
        "read_out_noise.md",
    ],
)
def test_blocks_of_a_page_print_what_they_say(page, capsys):
    printed(blocks(page), capsys)


@pytest.mark.parametrize("called", ["rfjax.nn.twin", "with_trained", "rfjax.nn.reciprocal"])
def test_networks_of_the_page_on_training_print_what_they_say(called, capsys):
    printed([block for block in blocks("training.md") if called + "(" in block], capsys)


def test_the_chain_of_the_page_on_training_learns_its_weights():
    (example,) = [block for block in blocks("training.md") if "Dynamic" in block]
    names = {}
    exec(example, names)
    *_, untrained = names["step"](0 * names["detuning"], names["memory"])
    assert names["value"] < 0.02 < 1 < untrained


def test_the_blocks_on_hardware_run_and_print_what_they_say(capsys):
    printed(blocks("hardware.md"), capsys)


def test_the_page_on_radio_signals_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    printed(blocks("radio_signals.md"), capsys)


def test_the_page_on_fitting_finds_the_device_that_it_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    printed(blocks("fitting.md"), capsys)


def test_the_network_of_the_page_is_read_as_it_was_saved(tmp_path, monkeypatch, capsys):
    (example,) = [block for block in blocks("training.md") if "rfjax.load" in block]
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert "True" in (said := capsys.readouterr().out)
    assert "False" not in said
