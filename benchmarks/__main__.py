"""`python -m benchmarks [QUESTION ...] [--quick] [--json FILE]`: every question, as one table."""

import argparse
import importlib
import os
import platform
from pathlib import Path

import jax
from rich.console import Console

from benchmarks.row import save, table
from rfjax.checks import InvalidInput

QUESTIONS = (
    "shared_line",
    "nonlinear_cost",
    "software_layer",
    "digits",
    "networks",
    "co_design",
    "convolutions",
    "fidelity",
    "fitting",
    "growth",
    "compile",
    "driven",
    "driven_gradients",
    "driven_growth",
    "macrospin",
    "accelerator",
)


def main() -> None:
    """Measure, print and, if asked, write the rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(QUESTIONS))
    parser.add_argument("--quick", action="store_true", help="smallest layer, few epochs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    options = parser.parse_args()
    unknown = [name for name in options.questions if name not in QUESTIONS]
    if unknown:
        parser.error(f"there is no question {unknown[0]}; ask {', '.join(QUESTIONS)}")
    if options.json and not options.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}; make it first")

    console = Console()
    rows = []
    for name in options.questions or QUESTIONS:
        question = importlib.import_module(f"benchmarks.{name}")
        console.print(str(question.__doc__).splitlines()[0], style="dim")
        try:
            for row in question.rows(options.quick):
                rows.append(row)
                if options.json:
                    save(rows, options.json)
        except InvalidInput as error:
            console.print(f"left out: {error}")
    console.print(table(rows))
    console.print(
        f"{os.cpu_count()} cores, {platform.machine()}, JAX {jax.__version__} on "
        f"{jax.default_backend()}, float32 where a question does not say float64; medians in s",
        style="dim",
    )


if __name__ == "__main__":
    main()
