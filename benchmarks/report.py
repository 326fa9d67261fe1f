"""`python -m benchmarks.report`: writes docs/benchmarks.md from the rows in benchmarks/results.

No figure on that page is typed: each table is a file of rows, named with the command that wrote it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.row import short

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Rows stand beside a peer, where there is one, that was measured in the same run, on two cores of
an x86-64 server without an accelerator. Times are medians and scatter by some 20 % from run to
run, at times by 70 %; ratios have two digits. `(batch, tones, chains)` are the sizes of a layer.

This page is written by `python -m benchmarks.report` from the rows in `benchmarks/results`.
"""


class Section(NamedTuple):
    """A table of the page.

    **Arguments:** `title`; `file` of its rows; `questions` that `python -m benchmarks` is asked
    for them; `text` above the table.
    """

    title: str
    file: str
    questions: str
    text: str


SECTIONS = (
    Section(
        "Driven resonators",
        "driven.json",
        "driven driven_gradients driven_growth",
        "In float64. Every peer integrates all resonators as one system of arrays, in the frame "
        "that\nrotates with the tones, at the loosest of its tolerances at which its error is not "
        "above ours;\nerrors are relative to the largest amplitude, beside SciPy at a tolerance of "
        "1e-12. rfjax is\ncalled inside of a compiled function, where frame and step are given: "
        "the step is the one that\n`simulate` chooses at its default tolerance of 1e-6. Times are "
        'those of the whole batch, unless\na row says "a trajectory".',
    ),
    Section(
        "Layers and training",
        "layers.json",
        "shared_line nonlinear_cost software_layer digits compile",
        "In float32, at a tolerance of 1e-5 of the largest voltage. A direct sum solves one cubic "
        "for\nevery image, chain, resonator and tone: set beside it is what the fast evaluation "
        "saves over brute\nforce, in JAX and in PyTorch alike.",
    ),
    Section(
        "An epoch of MNIST",
        "networks.json",
        "networks",
        "60000 images; programs of six steps, as training takes them, in turn with their peers.",
    ),
    Section(
        "Co-design",
        "co_design.json",
        "co_design",
        "A step to everything that a layer is made of: detunings, all fields of its devices, tones "
        "and\npowers, in turn with one to its detunings alone, on one core. Cores were "
        "shared: a ratio means more than a time.",
    ),
    Section(
        "A convolutional network of MNIST",
        "convolutions.json",
        "convolutions",
        "The printed filters and batch, linear resonators on their own tones, on one of the cores.",
    ),
    Section(
        "Fits of spectra",
        "fitting.json",
        "fitting",
        "Both fit the same spectra, with 2 % noise, in turns; a fit is found that leaves at most "
        "1.01 times\nwhat the true device leaves. Where SciPy is told that device it has one "
        "start. Elsewhere it knows\nthe data alone, as rfjax does: it is given the starts of rfjax "
        "for nothing, stops by the same rule,\nand takes eight more steps about folds, with which "
        "it still finds fewer; a fourth of the spectra of\nthree powers folds. CPU time is that "
        "of all cores: packs of rfjax run on both, a loop on one. "
        "Cores\nwere shared: compare CPU times, not wall times.",
    ),
    Section(
        "Harmonic balance",
        "fidelity.json",
        "fidelity",
        "Chains of four resonators under the tones and powers of section 5.3, at the tolerances "
        "that\nboth models have by default, with tones that are scheduled beforehand.",
    ),
    Section(
        "How a step of the nonlinear shared-line layer grows",
        "growth.json",
        "growth",
        "Three sizes along each axis, and the exponent of the power law through them.",
    ),
    Section(
        "On an accelerator",
        "accelerator.json",
        "accelerator",
        "On one GPU, with the processors of the machine that holds it as the peer; the error is "
        "that of the\nvoltages beside the direct evaluation in float64, over the largest voltage.\n"
        "Measured before the near band summed values at nodes, which made it faster on processors.",
    ),
)


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([INTRODUCTION, *map(_section, SECTIONS)])


def _section(section: Section) -> str:
    rows = json.loads((RESULTS / section.file).read_text())
    command = f"python -m benchmarks {section.questions} --json benchmarks/results/{section.file}"
    return "\n".join(
        [
            f"## {section.title}\n",
            f"```sh\n{command}\n```\n",
            f"{section.text}\n",
            "| case | what | rfjax | peer | peer / rfjax | unit | peer is |",
            "|---|---|---|---|---|---|---|",
            *map(_row, rows),
            "",
        ]
    )


def _row(row: Mapping[str, Any]) -> str:
    numbers = short(row["rfjax"]), short(row["peer"]), short(row["ratio"], 2)
    cells = (row["case"], row["what"], *numbers, row["unit"], row["peer_name"])
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page())
