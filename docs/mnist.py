"""Makes mnist.md out of mnist.template and the results in results/: `python docs/mnist.py`."""

import json
import re
from pathlib import Path
from typing import Any

from rfjax.experiments.common.result import number, with_error

DOCS = Path(__file__).parent
RESULTS, TEMPLATE, PAGE = DOCS / "results", DOCS / "mnist.template", DOCS / "mnist.md"
Rows = dict[str, dict[str, Any]]
ABSENT = "\nNot run with these settings yet: no result file.\n"
COLUMNS = ("network", "published, %", "test, %", "train, %", "from software, points")
HEADER = f"\n| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"


def load(name: str) -> Rows:
    """The rows of a result by their quantity; none if there is no file."""
    path = RESULTS / f"{name}.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    return {row["quantity"]: row for row in rows}


def shown(row: dict[str, Any] | None) -> str:
    """A value with its error, and whether a difference is decided."""
    if row is None:
        return ""
    note = row["note"] or ""
    return with_error(row["rfjax"], row["error"]) + (
        " (undecided)" if note.startswith("undecided") else ""
    )


def networks(rows: Rows, suffix: str = "", difference: str = "") -> str:
    """A table of all networks of a result, or of those of one split.

    **Arguments:** `rows`; `suffix` after the name of a network; `difference`: after the name of a
    paired difference.
    """
    end = f"{suffix}: test accuracy"
    names = [name.removesuffix(end) for name in rows if name.endswith(end)]
    lines = []
    for name in names:
        if " root, " in name:
            continue
        test, train = rows[f"{name}{end}"], rows.get(f"{name}{suffix}: train accuracy")
        cells = [name, number(test["published"]), shown(test), shown(train)]
        cells.append(beside_software(rows, name, f"{suffix}{difference}"))
        lines.append("| " + " | ".join(cells) + " |\n")
    return HEADER + "".join(lines) if lines else ABSENT


def beside_software(rows: Rows, name: str, suffix: str) -> str:
    """The difference of a network from software, and from which if it is another than the first."""
    for peer, said in (("software", ""), ("software, rate of ours", " (from that with our rate)")):
        if f"{name} - {peer}{suffix}" in rows:
            return shown(rows[f"{name} - {peer}{suffix}"]) + said
    return ""


def sampling(rows: Rows) -> str:
    """What the sampling of test rows adds."""
    found = [row for name, row in rows.items() if name.startswith("all networks: standard error")]
    return "".join(
        "\nSince the test rows are a sample, an accuracy as the mean of these has a further "
        f"standard error of {row['rfjax']:.2f} points.\n"
        for row in found
    )


def count(rows: Rows) -> str:
    """How many repetitions there are."""
    counts = {row["count"] for name, row in rows.items() if name.endswith("test accuracy")}
    said = " or ".join(str(number) for number in sorted(counts))
    return (f"{said} repetition" + ("s" if counts != {1} else "")) if counts else "not run"


def costs(rows: Rows) -> str:
    """What nonlinearity, torque and comb change on digits, as a list."""
    wanted = {
        "resonators - resonators, linear": "nonlinear beside linear resonators",
        "resonators - resonators, 50 MHz to 20 GHz": "the printed comb beside the wide one",
        "resonators - resonators, symmetric 0.5": "without beside with damping-like torque",
    }
    lines = []
    for name, what in wanted.items():
        found = [
            rows.get(f"{name}, {split} split: paired difference") for split in ("fixed", "redrawn")
        ]
        if None not in found:
            fixed, redrawn = map(shown, found)
            lines.append(f"- {what}: {fixed} points on fixed splits, {redrawn} on redrawn ones\n")
    return "\nDifferences seed by seed:\n\n" + "".join(lines) if lines else ""


def settings(rows: Rows) -> str:
    """The scan of settings on rows held back."""
    lines = [
        f"| {name.removesuffix(': validation accuracy')} | {shown(row)} |\n"
        for name, row in rows.items()
    ]
    return "\n| setting | accuracy, % |\n|---|---|\n" + "".join(lines) if lines else ABSENT


def roots(rows: Rows) -> str:
    """Both roots of mapped weights."""
    near = "mapped to resonators, near root, "
    whats = [name.removeprefix(near) for name in rows if name.startswith(near)]
    lines = [
        f"| {what.removesuffix(': test accuracy')} | {shown(rows[near + what])} | "
        f"{shown(rows[near.replace('near', 'far') + what])} |\n"
        for what in whats
    ]
    header = "\n| what the network meets | near root | far root |\n|---|---|---|\n"
    return header + "".join(lines) if lines else ABSENT


def by_power(rows: Rows, prefix: str = "") -> str:
    """A table of what a result holds for several powers, one a column.

    **Arguments:** `rows`; `prefix` of the quantities, before the power.
    """
    found: dict[str, dict[str, str]] = {}
    for name, row in rows.items():
        match = re.fullmatch(rf"{prefix}([\d.]+ µW)[,:] (.*)", name)
        if match and not name.endswith(("train accuracy", "validation accuracy")):
            what = match[2].removesuffix(": test accuracy") + f", {row['unit']}"
            found.setdefault(what, {})[match[1]] = shown(row)
    powers = list(dict.fromkeys(power for cells in found.values() for power in cells))
    lines = [
        f"| {what} | {' | '.join(cells.get(power, '') for power in powers)} |\n"
        for what, cells in found.items()
    ]
    header = f"\n| power | {' | '.join(powers)} |\n|---{'|---' * len(powers)}|\n"
    return header + "".join(lines) if lines else ABSENT


def page() -> str:
    """The page, in Markdown."""
    digits = load("digits")
    parts = {
        "digits count": count(digits),
        "digits fixed": networks(digits, ", fixed split", ": paired difference"),
        "digits redrawn": networks(digits, ", redrawn split", ": paired difference"),
        "digits costs": costs(digits),
        "digits settings": settings(load("digits-settings")),
    }
    for name in ("mnist-range", "mnist-damping", "mlp", "cnn", "mlp-superposed"):
        rows = load(name)
        parts |= {name: networks(rows) + sampling(rows), f"{name} count": count(rows)}
    parts["mlp roots"] = roots(load("mlp"))
    nonlinear, mismatch = load("mnist-nonlinear"), load("model-mismatch")
    parts |= {"mnist-nonlinear": by_power(nonlinear), "mnist-nonlinear count": count(nonlinear)}
    for data in ("digits", "MNIST"):
        parts[f"model-mismatch {data}"] = by_power(mismatch, f"{data}, ")
    parts["model-mismatch count"] = count(mismatch)
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    # What is said under a table stands only where there is one.
    return "## ".join(section for section in text.split("## ") if ABSENT not in section)


if __name__ == "__main__":
    PAGE.write_text(page())
    print(PAGE)
