"""`rfjax fit FILE`."""

import enum
import importlib
import json
from pathlib import Path
from typing import Annotated

import typer

from rfjax.cli.devices import prepare_devices
from rfjax.cli.ending import stoppable
from rfjax.cli.fits.chosen import Chosen, Fitted
from rfjax.cli.options import RUNS, Context, FormatOption, OverwriteOption
from rfjax.cli.output import complain, say
from rfjax.cli.progress import status

_FMR, _DIODE, _OSCILLATOR = "Ferromagnetic resonance", "Spin diode", "Oscillator"
_NOT_CONVERGED = 1  # the exit code
_FIGURES = (".png", ".svg", ".pdf")


class Model(enum.StrEnum):
    """What `--model` may be: modules of `rfjax.cli.fits`."""

    SPIN_DIODE = "spin-diode"
    FMR = "fmr"
    OSCILLATOR = "oscillator"


class Branch(enum.StrEnum):
    """What `--branch` may be."""

    EITHER = "either"
    LOWER = "lower"
    UPPER = "upper"


class Loss(enum.StrEnum):
    """What `--loss` may be."""

    SQUARES = "squares"
    HUBER = "huber"
    SOFT_L1 = "soft-l1"


class Detection(enum.StrEnum):
    """What `--detection` may be."""

    DERIVATIVE = "derivative"
    ABSORPTION = "absorption"


class Geometry(enum.StrEnum):
    """What `--geometry` may be."""

    IN_PLANE = "in-plane"
    PERPENDICULAR = "perpendicular"


class Decimal(enum.StrEnum):
    """What `--decimal` may be."""

    POINT = "."
    COMMA = ","


def fit(
    context: Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table: text, .lvm, .npz, .h5.")],
    model: Annotated[Model, typer.Option(help="What is fitted.")] = Model.SPIN_DIODE,
    frequency: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|FREQUENCY", help="Of the tones, or '15 GHz'.", show_default="by unit"
        ),
    ] = None,
    voltage: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Of the voltage; repeated.", show_default="by unit"),
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=UNIT", help="Where the file names none.")
    ] = None,
    skip: Annotated[int, typer.Option(min=0, help="Lines to leave out at the start.")] = 0,
    decimal: Annotated[
        Decimal | None,
        typer.Option(help="Mark of decimals in a text file.", show_default="as the file tells"),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Group of an HDF5 file.")] = None,
    background: Annotated[
        int | None,
        typer.Option(min=0, max=6, help="Degree of a polynomial.", show_default="each model's own"),
    ] = None,
    loss: Annotated[
        Loss | None,
        typer.Option(help="huber, soft-l1: outliers count less.", show_default="squares"),
    ] = None,
    power: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN|POWER",
            help="Of a column, or '10 uW', one for each --voltage.",
            show_default="by unit",
        ),
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option(
            help="One for each power, in rising order: 1/σ² of its noise.", rich_help_panel=_DIODE
        ),
    ] = None,
    resonators: Annotated[
        int | None,
        typer.Option(min=1, max=20, help="In series.", show_default="1", rich_help_panel=_DIODE),
    ] = None,
    linear: Annotated[
        bool, typer.Option("--linear", help="No nonlinear terms.", rich_help_panel=_DIODE)
    ] = False,
    branch: Annotated[
        Branch | None,
        typer.Option(help="Where it folds.", show_default="either", rich_help_panel=_DIODE),
    ] = None,
    drive: Annotated[
        float | None,
        typer.Option(
            help="rad·Hz/√W, which N and Q belong to.", show_default="2e8", rich_help_panel=_DIODE
        ),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of the field.", show_default="by unit", rich_help_panel=_FMR
        ),
    ] = None,
    detection: Annotated[
        Detection | None,
        typer.Option(help="Of lines.", show_default="derivative", rich_help_panel=_FMR),
    ] = None,
    geometry: Annotated[
        Geometry | None,
        typer.Option(help="Of the field.", show_default="in-plane", rich_help_panel=_FMR),
    ] = None,
    g: Annotated[
        float | None, typer.Option(help="If known.", show_default="fitted", rich_help_panel=_FMR)
    ] = None,
    anisotropy: Annotated[
        bool, typer.Option("--anisotropy", help="Fit one in the plane.", rich_help_panel=_FMR)
    ] = False,
    current: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Of the current.",
            show_default="by unit",
            rich_help_panel=_OSCILLATOR,
        ),
    ] = None,
    linewidth: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of the line.", rich_help_panel=_OSCILLATOR),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="A, if known.", show_default="fitted", rich_help_panel=_OSCILLATOR),
    ] = None,
    damping: Annotated[
        float | None,
        typer.Option(help="If known.", show_default="fitted", rich_help_panel=_OSCILLATOR),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", show_default="runs/fit-FILE")
    ] = None,
    overwrite: OverwriteOption = False,
    formats: FormatOption = None,
) -> None:
    """Fit devices to a measurement: a table with intervals, and a figure with residuals."""
    from rfjax.checks import InvalidInput
    from rfjax.data import read_table
    from rfjax.experiments.common.folder import arriving_together
    from rfjax.training.alone import alone_in

    common = ("file", "model", "unit", "skip", "decimal", "group", "out", "overwrite", "formats")
    options = {name: value for name, value in context.params.items() if name not in common}
    chosen = Chosen({n: str(v) if isinstance(v, enum.Enum) else v for n, v in options.items()})
    module = importlib.import_module(f"rfjax.cli.fits.{model.value.replace('-', '_')}")
    chosen.check(model.value, module.TAKEN)
    table = read_table(file, units=_units(unit or []), skip=skip, decimal=decimal, group=group)
    out = out or RUNS / f"fit-{file.stem}"
    earlier = _figures(out) if any(out.glob("fit.*")) else None
    if earlier is not None and not overwrite:
        raise InvalidInput(
            f"{out} holds a fit: --overwrite replaces it, --out DIR writes elsewhere"
        )
    prepare_devices()
    kept = "nothing was written" if earlier is None else "the earlier fit is kept"
    with stoppable(kept), status(f"fitting {model.value}"):
        found: Fitted = module.fits(table, chosen)
    out.mkdir(parents=True, exist_ok=True)
    moving = f"files of {out} may be missing: the same command with --overwrite writes them"
    with alone_in(out), stoppable(moving), arriving_together(out) as draft:
        with stoppable(kept):
            names = _written(found, draft, {"model": model.value, "source": file.name}, formats)
        for stale in set(earlier or []) - set(names):
            (out / stale).unlink(missing_ok=True)
    for each in found.fits:
        title = [] if len(found.fits) == 1 else [f"{each.name}:"]
        say(*title, each.fit.table(each.index))
    say(f"written to {', '.join(str(out / name) for name in names)}")
    failed = [
        f"{each.name} {each.fit.estimates.word(each.index)}"
        for each in found.fits
        if not each.fit.converged[each.index]
    ]
    failed += [f"{name} was not fitted: {reason}" for name, reason in found.failed.items()]
    if failed:
        raise typer.Exit(complain(f"not all is a result: {'; '.join(failed)}", _NOT_CONVERGED))


def _written(
    found: Fitted, folder: Path, about: dict[str, str], formats: enum.Enum | None
) -> list[str]:
    """Write numbers as CSV and JSON, and a figure of each fit; the names of the files."""
    import pandas

    from rfjax import plotting
    from rfjax.fitting import draw_fit

    records = {each.name: each.fit.to_dict(each.index) for each in found.fits}
    rows = [
        {"fit": name, **parameter}
        for name, record in records.items()
        for parameter in record["parameters"]
    ]
    pandas.DataFrame(rows).to_csv(folder / "fit.csv", index=False)
    told = about | {"fits": records, "not_fitted": found.failed}
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "fit.json").write_text(text + "\n", encoding="utf-8")
    with plotting.saved_as(formats.value if formats else "svg"):
        for each, name in zip(found.fits, _stems(list(records)), strict=True):
            plotting.save(draw_fit(each.fit, each.index), folder / f"{name}.png")
    return sorted(path.name for path in folder.iterdir())


def _stems(names: list[str]) -> list[str]:
    """How the figures of fits are called, without their endings."""
    return ["fit"] if len(names) == 1 else [f"fit {name}".replace(" ", "-") for name in names]


def _figures(out: Path) -> list[str]:
    """The figures of the fit that a directory holds, as its record has them."""
    try:
        record = json.loads((out / "fit.json").read_text(encoding="utf-8"))
        stems = _stems([str(name) for name in record["fits"]])
    except (OSError, ValueError, KeyError, TypeError):
        return []  # a record of somebody else, whose files stay
    return [path.name for path in out.iterdir() if path.stem in stems and path.suffix in _FIGURES]


def _units(given: list[str]) -> dict[str, str]:
    from rfjax.checks import InvalidInput

    pairs = [each.rpartition("=") for each in given]
    for each, (name, mark, symbol) in zip(given, pairs, strict=True):
        if not (name and mark and symbol):
            raise InvalidInput(f"--unit is {each!r}; give COLUMN=UNIT, as 'Xchannel=uV'")
    return {name: symbol for name, _, symbol in pairs}
