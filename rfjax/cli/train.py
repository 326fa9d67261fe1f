"""`rfjax train TASK`."""

import importlib
from pathlib import Path
from typing import Annotated

import typer

from rfjax.cli.devices import prepare_devices
from rfjax.cli.ending import kept, stoppable
from rfjax.cli.options import (
    RUNS,
    Context,
    DataOption,
    FormatOption,
    Gradient,
    OutOption,
    OverwriteOption,
    Rectifier,
    command_of,
)
from rfjax.cli.output import report
from rfjax.cli.progress import progress
from rfjax.cli.runs import report_ended, written

# A task is a module with `run`, which trains its networks, and `evaluate`, which reads them.
TASKS = {
    "digits": "rfjax.experiments.digits.training",
    "drones": "rfjax.experiments.radio.drones_training",
}
READ = {"drones": "rfjax.data.drones"}  # tasks whose data the user has, and what tells of them


def read_from(task: str, data: Path | None) -> dict[str, Path]:
    """What the module of a task is given of `--data`.

    **Raises:** `InvalidInput` where the task needs data and is given none, or needs none.
    """
    from rfjax.checks import InvalidInput

    if task in READ and data is None:
        giving = importlib.import_module(READ[task]).GIVE
        raise InvalidInput(f"{task} are read from files, and --data is not given; {giving}")
    if data is not None and task not in READ:
        raise InvalidInput(f"{task} come with scikit-learn; leave out --data")
    return {} if data is None else {"data": data}


def train(
    context: Context,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help=f"What to learn: {', '.join(TASKS)}.")
    ],
    rectifier: Annotated[
        Rectifier, typer.Option(help="The rectifier model of the resonators.")
    ] = Rectifier.INDEPENDENT,
    gradient: Annotated[
        Gradient, typer.Option(help="Differentiate the model itself, or its linearisation.")
    ] = Gradient.DIRECT,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, max=999_999, show_default="digits: 30; drones: 60"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The first seed.")] = 0,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, metavar="COUNT", help="How many, trained at once.")
    ] = 5,
    batch_size: Annotated[int, typer.Option(min=1)] = 20,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="Learning rate of both networks.", show_default="each network's own"),
    ] = None,
    data: DataOption = None,
    out: OutOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on from the newest checkpoint in DIR; with more epochs also where a run had "
            "ended, whose result is replaced. Fewer are refused.",
        ),
    ] = False,
    overwrite: OverwriteOption = False,
    formats: FormatOption = None,
) -> None:
    """Train a network and compare it with its software peer."""
    from rfjax.checks import one_of
    from rfjax.experiments.common import folder

    module = TASKS[one_of("TASK", task, list(TASKS))]
    given = read_from(task, data) | ({"epochs": epochs} if epochs else {})
    out = out or RUNS / task
    command = command_of(context)
    if resume and not overwrite and report_ended(out, command, formats):
        return
    left = kept(resumable=True, overwrite=overwrite)
    with folder.claimed(out, resume, overwrite, resumable=True):
        prepare_devices()
        job = importlib.import_module(module)
        with stoppable(left), written(command, formats), progress() as on_epoch:
            result = job.run(
                out,
                rectifier=rectifier.value,
                gradient=gradient.value,
                seeds=range(seed, seed + seeds),
                batch_size=batch_size,
                learning_rate=learning_rate,
                resume=resume,
                overwrite=overwrite,
                on_epoch=on_epoch,
                **given,
            )
    report(result, out)
