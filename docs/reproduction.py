"""Makes reproduction.md out of thesis.toml and the results in results/.

`python docs/reproduction.py` writes the page anew. Given directories of runs, as in
`python docs/reproduction.py runs/mac`, it first takes their result.json into results/.
"""

import importlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from rfjax import experiments
from rfjax.cli.train import TASKS
from rfjax.experiments.common.result import number, with_error

DOCS = Path(__file__).parent
RESULTS, PAGE = DOCS / "results", DOCS / "reproduction.md"
THESIS = tomllib.loads((DOCS / "thesis.toml").read_text())
ITEMS = {item["name"]: item for item in THESIS["item"]}

INTRODUCTION = """# Comparison with the thesis

Every item of the thesis that rfjax means to show, with the settings that the thesis prints, what it
found and what rfjax finds. This page is made by `python docs/reproduction.py` from result files
in `docs/results`; each of them holds the command that it was run by. An error is a standard
error. *Law* is what a closed form gives for the same quantity. A figure without printed numbers
is drawn by the experiment that is named.
"""
HEADER = """
| item | what | published | rfjax | law | experiment | why they differ |
|---|---|---|---|---|---|---|
"""
SLIPS = """
## Slips of the thesis

| where | the thesis | rather |
|---|---|---|
"""
MADE = """
## How the results were made

| experiment | command |
|---|---|
"""


def shown_by(name: str) -> tuple[str, ...]:
    """The items of the thesis that an experiment, or a task to train, says that it shows."""
    task = name.removeprefix("train ")  # one task and one experiment are both called digits
    trains = task != name
    module = importlib.import_module(TASKS[task]) if trains else experiments.load(name)
    return getattr(module, "SHOWS", ())


def take(run: Path) -> Path:
    """Take the result of a run into the results of the documentation."""
    result = json.loads((run / "result.json").read_text())
    command, shows = result.get("command"), shown_by(result["name"])
    if not command:
        raise SystemExit(f"{run} was not run by the command line: rfjax reproduce {result['name']}")
    for row in result["rows"]:
        named = row.get("item") or (shows[0] if len(shows) == 1 else None)
        if row["published"] is not None and named not in shows:
            raise SystemExit(f"{row['quantity']} is published, but under which item of {shows}?")
    kept = {"command": command, "shows": shows, **result}
    path = RESULTS / f"{kept['name']}.json"
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return path


def page() -> str:
    """The page, in Markdown."""
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    parts = [INTRODUCTION]
    for chapter in dict.fromkeys(item["chapter"] for item in ITEMS.values()):
        numbered = set(chapter) <= set("IV")
        parts += [f"\n## {'Chapter ' if numbered else ''}{chapter}\n", HEADER]
        parts += [lines(item, results) for item in ITEMS.values() if item["chapter"] == chapter]
    parts.append(SLIPS)
    parts += [line(slip["where"], slip["thesis"], slip["right"]) for slip in THESIS["slip"]]
    parts.append(MADE)
    parts += [line(r["name"], f"`{r['command']}`") for r in results]
    return "".join(parts)


def lines(item: dict[str, str], results: list[dict[str, Any]]) -> str:
    """One item: what it is, and a line for every number that belongs to it."""
    name = item["name"]
    what = item["what"] + (f"; printed: {item['settings']}" if item["settings"] else "")
    showing = [result for result in results if name in result["shows"]]
    if showing:
        told = [line(f"**{name}**", what)]
        return "".join(told + [each for result in showing for each in numbers(name, result)])
    if "law" in item:
        return line(f"**{name}**", what, "", "", "", f"`{item['law']}`", "")
    missing = " ".join(["Not shown yet.", item.get("missing", "")]).strip()
    return line(f"**{name}**", what, "", "–", "", "", missing)


def numbers(name: str, result: dict[str, Any]) -> list[str]:
    """The rows of a result that name the item, or are published and could belong to no other."""
    alone = len(result["shows"]) == 1
    rows = [
        row
        for row in result["rows"]
        if row["item"] == name or (alone and row["item"] is None and row["published"] is not None)
    ]
    if not rows:
        if "law" in ITEMS[name]:
            return [
                line("", "the formula, drawn", "", f"`{ITEMS[name]['law']}`", "", result["name"])
            ]
        return [line("", "a figure", "", "drawn", "", result["name"])]
    return [
        line(
            "",
            row["quantity"],
            united(number(row["published"]), row["unit"]),
            united(with_error(row["rfjax"], row["error"]), row["unit"]),
            united(number(row["law"]), row["unit"]),
            result["name"],
            "as above" if row["note"] and row["note"] == before["note"] else row["note"] or "",
        )
        for before, row in zip([rows[0] | {"note": None}, *rows], rows, strict=False)
    ]


def united(value: str, unit: str) -> str:
    """A value with its unit, where it has both."""
    return value if unit == "1" or value == "–" else f"{value} {unit}"


def line(*cells: str) -> str:
    """A line of a table; cells that are not given are empty."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    for run in sys.argv[1:]:
        print(take(Path(run)))
    PAGE.write_text(page())
    print(PAGE)
