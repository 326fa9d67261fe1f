"""`rfjax evaluate DIR`."""

import importlib
from pathlib import Path
from typing import Annotated

import typer

from rfjax.cli.devices import prepare_devices
from rfjax.cli.ending import stoppable
from rfjax.cli.options import Context, DataOption, Rectifier, command_of
from rfjax.cli.output import report
from rfjax.cli.progress import status
from rfjax.cli.runs import written
from rfjax.cli.train import TASKS, read_from


def evaluate(
    context: Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where rfjax train has written to.")
    ],
    rectifier: Annotated[
        Rectifier | None,
        typer.Option(help="Evaluate on this rectifier model, too.", show_default="as trained"),
    ] = None,
    data: DataOption = None,
) -> None:
    """Evaluate trained networks on the rows that they were not trained on."""
    from rfjax.training.alone import alone_in

    task = _task(directory, command_of(context))
    given = read_from(task, data)
    job = importlib.import_module(TASKS[task])
    with alone_in(directory):
        prepare_devices()
        with (
            stoppable("nothing is kept"),
            written(command_of(context), None),
            status("evaluating"),
        ):
            try:
                result = job.evaluate(directory, rectifier=rectifier and rectifier.value, **given)
            except OSError as error:
                raise OSError(
                    f"cannot write to {directory} ({error.strerror}); free space there, or "
                    "evaluate a copy"
                ) from None
    report(result, directory / job.EVALUATION)


def _task(directory: Path, command: str) -> str:
    """The task whose networks are in a directory.

    **Raises:** `InvalidInput` if that was none of ours, or in another precision, where other rows
    may train.
    """
    from rfjax.checks import InvalidInput
    from rfjax.experiments.common.folder import precision
    from rfjax.experiments.common.result import Result

    if not directory.is_dir():
        raise InvalidInput(f"{directory} is no directory; give one that rfjax train has written to")
    run = Result.read(directory)
    if run is None:
        raise InvalidInput(
            f"{directory} holds no run that has ended; give a directory that rfjax train has "
            "written to, or end its run with rfjax train --resume"
        )
    task = run.name.removeprefix("train ")
    if task not in TASKS or task == run.name:
        raise InvalidInput(
            f"{directory} holds the result of {run.command or run.name}; give a directory that "
            f"rfjax train has written to ({', '.join(TASKS)})"
        )
    if precision(run.command) != precision(command):
        raise InvalidInput(
            f"{directory} holds networks in {precision(run.command)}, not {precision(command)}; "
            "set JAX_ENABLE_X64 as it was to evaluate them"
        )
    return task
