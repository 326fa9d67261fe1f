"""`rfjax fit FILE`."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from rfjax.cli.devices import prepare_devices
from rfjax.cli.ending import stoppable
from rfjax.cli.options import RUNS, FormatOption, OverwriteOption
from rfjax.cli.output import say
from rfjax.cli.progress import status


class Model(enum.StrEnum):
    """What `--model` may be."""

    SPIN_DIODE = "spin-diode"


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


def fit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table: text, .lvm, .npz, .h5.")],
    model: Annotated[Model, typer.Option(help="What is fitted.")] = Model.SPIN_DIODE,
    frequency: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Of the tones.", show_default="by its unit")
    ] = None,
    voltage: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Of the voltage.", show_default="by its unit"),
    ] = None,
    power: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN|POWER", help="As Power, or '10 uW'.", show_default="by its unit"
        ),
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=UNIT", help="Where the file names none.")
    ] = None,
    skip: Annotated[int, typer.Option(min=0, help="Lines to leave out at the start.")] = 0,
    group: Annotated[str | None, typer.Option(help="Group of an HDF5 file.")] = None,
    resonators: Annotated[int, typer.Option(min=1, max=20, help="In series.")] = 1,
    linear: Annotated[bool, typer.Option("--linear", help="Without nonlinear terms.")] = False,
    background: Annotated[int, typer.Option(min=0, max=6, help="Degree, at each power.")] = 0,
    branch: Annotated[Branch, typer.Option(help="Where the response folds.")] = Branch.EITHER,
    loss: Annotated[Loss, typer.Option(help="huber and soft-l1 mind outliers.")] = Loss.SQUARES,
    drive: Annotated[float, typer.Option(help="rad·Hz/√W, which N and Q belong to.")] = 2e8,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", show_default="runs/fit-FILE")
    ] = None,
    overwrite: OverwriteOption = False,
    formats: FormatOption = None,
) -> None:
    """Fit devices to a measurement: a table with intervals, and a figure with residuals."""
    from rfjax import plotting
    from rfjax.data import read_table
    from rfjax.fitting import draw_fit, fit_spin_diode, spectra_of

    table = read_table(file, units=_units(unit or []), skip=skip, group=group)
    spectra = spectra_of(table, frequency=frequency, voltages=voltage or (), powers=power or ())
    out = out or RUNS / f"fit-{file.stem}"
    if not overwrite:
        _check_free(out)
    prepare_devices()
    with stoppable("nothing was written"), status(f"fitting {model.value}"):
        found = fit_spin_diode(
            *spectra,
            resonators=resonators,
            nonlinear=not linear,
            background=background,
            branch=branch.value,
            loss=loss.value,
            drive=drive,
        )
    out.mkdir(parents=True, exist_ok=True)
    found.to_dataframe().to_csv(out / "fit.csv", index=False)
    with plotting.saved_as(formats.value if formats else "svg"):
        drawn = plotting.save(draw_fit(found), out / "fit.png")
    say(str(found), f"written to {out / 'fit.csv'} and {drawn}")


def _check_free(out: Path) -> None:
    from rfjax.checks import InvalidInput

    if any(out.glob("fit.*")):
        raise InvalidInput(
            f"{out} holds a fit: --overwrite replaces it, --out DIR writes elsewhere"
        )


def _units(given: list[str]) -> dict[str, str]:
    from rfjax.checks import InvalidInput

    pairs = [each.rpartition("=") for each in given]
    for each, (name, mark, symbol) in zip(given, pairs, strict=True):
        if not (name and mark and symbol):
            raise InvalidInput(f"--unit is {each!r}; give COLUMN=UNIT, as 'Xchannel=uV'")
    return {name: symbol for name, _, symbol in pairs}
