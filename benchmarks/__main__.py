"""`python -m benchmarks [--quick] [--json FILE]`: every question in turn, as one table."""

import argparse
import os
import platform
from pathlib import Path

import jax
from rich.console import Console

from benchmarks import (
    compile,
    digits,
    driven,
    growth,
    linear_rung,
    networks,
    shared_line,
    software_layer,
)
from benchmarks.row import save, table
from rfjax.checks import InvalidInput

QUESTIONS = (
    shared_line,
    linear_rung,
    software_layer,
    digits,
    networks,
    growth,
    compile,
    driven,
)


def main() -> None:
    """Measure, print and, if asked, write the rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smallest layer, few epochs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    options = parser.parse_args()
    if options.json and not options.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}; make it first")

    console = Console()
    rows = []
    for question in QUESTIONS:
        console.print(question.__doc__, style="dim")
        try:
            rows += question.rows(options.quick)
        except InvalidInput as error:
            console.print(f"left out: {error}")
        if options.json:
            save(rows, options.json)
    console.print(table(rows))
    console.print(
        f"{os.cpu_count()} cores, {platform.machine()}, JAX {jax.__version__} on "
        f"{jax.default_backend()}, float32; medians in s",
        style="dim",
    )


if __name__ == "__main__":
    main()
