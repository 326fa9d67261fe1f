"""`rfjax reproduce NAME`."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rfjax.cli.devices import prepare_devices
from rfjax.cli.ending import kept, stoppable
from rfjax.cli.options import (
    RUNS,
    Context,
    FormatOption,
    OutOption,
    OverwriteOption,
    command_of,
)
from rfjax.cli.output import report, say
from rfjax.cli.progress import progress, status
from rfjax.cli.runs import report_ended, written

if TYPE_CHECKING:
    from rfjax.experiments.common.result import Result


def reproduce(
    context: Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which published result.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small version, to try it.")] = False,
    out: OutOption = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR|FILE",
            help="Where MNIST lies, for what trains on it; measured spectra, for what fits them; "
            "the directory of radio fingerprints.",
            show_default="MNIST: $RFJAX_DATA, else the cache",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            metavar="COUNT",
            help="Number of repetitions (MNIST experiments only).",
            show_default="10; cnn: 1",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on from the checkpoints (MNIST experiments only)."),
    ] = False,
    overwrite: OverwriteOption = False,
    formats: FormatOption = None,
    listing: Annotated[
        bool, typer.Option("--list", help="List the names, and what each shows.")
    ] = False,
) -> None:
    """Compute a published result and print it beside the published numbers."""
    from rfjax import experiments
    from rfjax.checks import InvalidInput
    from rfjax.experiments.common import folder

    if listing:
        for listed, entry in experiments.ENTRIES.items():
            say(f"{listed:24}{entry.title}")
        return
    if name is None:
        raise InvalidInput("no NAME is given; rfjax reproduce --list lists the names")
    if name in experiments.RENAMED:
        raise InvalidInput(f"NAME is {name!r}, which is called {experiments.RENAMED[name]} now")
    if name not in experiments.ENTRIES:
        near = difflib.get_close_matches(name, experiments.names(), 1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise InvalidInput(f"NAME is {name!r}; {meant}rfjax reproduce --list lists the names")
    entry = experiments.ENTRIES[name]
    trains = entry.trains_on_mnist
    reads = entry.reads_a_table or entry.needs_data
    if not trains and (seeds or resume or (data and not reads)):
        raise InvalidInput(
            f"{name} does not train on MNIST; leave out --data, --seeds and --resume"
        )
    if entry.needs_data and not data:
        raise InvalidInput(f"{name} reads files that you have; give their directory with --data")
    files = {"data": data} if reads and data else {}
    out = out or RUNS / name
    command = command_of(context)
    if resume and not overwrite and report_ended(out, command, formats):
        return
    left = kept(resumable=trains, overwrite=overwrite)
    with folder.claimed(out, resume, overwrite, resumable=trains):
        prepare_devices()
        experiment = experiments.load(name)
        with stoppable(left), written(command, formats):
            if trains:
                result = _trained(experiment, out, data, seeds, quick, resume, overwrite)
            else:
                with status(entry.title), folder.arriving_together(out) as draft:
                    result = experiment.run(draft, quick=quick, **files)
    report(result, out)


def _trained(experiment, out, data, seeds, quick, resume, overwrite) -> "Result":
    """Run an experiment that trains on MNIST."""
    from rfjax.experiments.mnist.training import MnistTraining

    with progress() as on_epoch:
        training = MnistTraining.create(
            out,
            data,
            seeds=seeds or experiment.SEEDS,
            epochs=experiment.EPOCHS,
            batch_size=experiment.BATCH_SIZE,
            quick=quick,
            resume=resume,
            overwrite=overwrite,
            on_epoch=on_epoch,
        )
        return experiment.run(training)
