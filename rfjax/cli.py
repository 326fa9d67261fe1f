"""The command line: `rfjax train`, `rfjax reproduce` and `rfjax info`."""

import contextlib
import enum
import importlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rfjax.checks import InvalidInput, one_of

TASKS = {"digits": "rfjax.experiments.digits_training"}
RUNS = Path("runs")
PLACES = ("out", "data", "resume", "overwrite", "formats")  # options that change no number
ROOM_NEEDED = 4 << 20  # bytes; what the checkpoints, the figures and the result of a run take
# Typer brings its own Click, not always by that name.
UsageError: Any = typer.BadParameter.__mro__[1]
if TYPE_CHECKING:
    Context = typer.Context
else:
    Context = typer.Context.__mro__[1]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Rectifier(enum.StrEnum):
    """What `--rectifier` may be."""

    LINEAR = "linear"
    INDEPENDENT = "independent"
    CROSS_COUPLED = "cross-coupled"


class Gradient(enum.StrEnum):
    """What `--gradient` may be."""

    DIRECT = "direct"
    LINEARISED = "linearised"


OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where results go.", show_default="runs/NAME"),
]


@app.callback()
def rfjax() -> None:
    """Neural networks of radio-frequency spintronic devices, computed through their physics."""


@app.command()
def train(
    context: Context,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help=f"What to learn: {', '.join(TASKS)}.")
    ],
    rectifier: Annotated[
        Rectifier, typer.Option(help="Which physics the resonators follow.")
    ] = Rectifier.INDEPENDENT,
    gradient: Annotated[
        Gradient, typer.Option(help="Through the physics, or of its linear form.")
    ] = Gradient.DIRECT,
    epochs: Annotated[int, typer.Option(min=1)] = 30,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The first seed.")] = 0,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, metavar="COUNT", help="How many, trained at once.")
    ] = 5,
    batch_size: Annotated[int, typer.Option(min=1)] = 20,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="Of both networks.", show_default="each network's own"),
    ] = None,
    out: OutOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest checkpoint in DIR.")
    ] = False,
) -> None:
    """Train a network and compare it with its software peer."""
    job = importlib.import_module(TASKS[one_of("TASK", task, list(TASKS))])
    out = _writable(out or RUNS / task)
    try:
        with _command_kept(context), _progress() as on_epoch:
            result = job.run(
                out,
                rectifier=rectifier.value,
                gradient=gradient.value,
                epochs=epochs,
                seeds=range(seed, seed + seeds),
                batch_size=batch_size,
                learning_rate=learning_rate,
                resume=resume,
                on_epoch=on_epoch,
            )
    except KeyboardInterrupt:
        raise _Stopped("stopped; the same command with --resume continues") from None
    _report(result, out)


@app.command()
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
            metavar="DIR",
            help="Where MNIST lies, for what learns it.",
            show_default="$RFJAX_DATA, else the cache",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            metavar="COUNT",
            help="How many, for what learns MNIST.",
            show_default="10",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoints, in what learns MNIST.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the names.")] = False,
) -> None:
    """Compute a published result and print it beside the published numbers."""
    from rfjax import experiments
    from rfjax.experiments.mnist_training import MnistTraining

    if listing:
        for each in experiments.names():
            typer.echo(each)
        return
    if name is None:
        raise InvalidInput("no NAME is given; rfjax reproduce --list lists the names")
    experiment = experiments.load(one_of("NAME", name, experiments.names()))
    learns = experiments.ENTRIES[name].learns_mnist
    if not learns and (data or seeds or resume):
        raise InvalidInput(f"{name} does not learn MNIST; leave out --data, --seeds and --resume")
    out = _writable(out or RUNS / name)
    try:
        if learns:
            with _command_kept(context), _progress() as on_epoch:
                training = MnistTraining.create(
                    out,
                    data,
                    seeds=seeds or experiment.SEEDS,
                    epochs=experiment.EPOCHS,
                    batch_size=experiment.BATCH_SIZE,
                    quick=quick,
                    resume=resume,
                    on_epoch=on_epoch,
                )
                result = experiment.run(training)
        else:
            with _command_kept(context), _status(experiment.TITLE):
                result = experiment.run(out, quick=quick)
    except KeyboardInterrupt:
        kept = "the same command with --resume continues" if learns else "nothing is kept"
        raise _Stopped(f"stopped; {kept}") from None
    _report(result, out)


@app.command()
def info() -> None:
    """Versions, devices and precision."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import jax

    from rfjax import __version__

    typer.echo(f"rfjax      {__version__}")
    typer.echo(f"python     {platform.python_version()}")
    for package in ("jax", "jaxlib", "equinox", "optax", "scikit-learn"):
        with contextlib.suppress(PackageNotFoundError):
            typer.echo(f"{package:10} {version(package)}")
    devices = ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices())
    typer.echo(f"devices    {devices}; {os.cpu_count()} CPU cores")
    typer.echo(f"precision  {'float64' if jax.config.read('jax_enable_x64') else 'float32'}")


def main() -> None:
    """Run the command line; whatever goes wrong for the user ends in one line and an exit code."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (InvalidInput, UsageError) as error:
        code = _complain(getattr(error, "format_message", lambda: error)(), 2)
    except OSError as error:
        known = f"{error.strerror}: {error.filename}; free space, or give another --out"
        code = _complain(known if error.strerror else error, 1)
    except (_Stopped, KeyboardInterrupt) as error:
        code = _complain(error, 130)
    sys.exit(code)


class _Stopped(Exception):
    """The user stopped a command; the message says what can be done."""


def _complain(error: object, code: int) -> int:
    typer.echo("error: " + " ".join(str(error).split()), err=True)
    return code


def _writable(directory: Path) -> Path:
    """The directory, made if absent, once it has taken a file of some size: better now than late.

    **Raises:** `OSError` if it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(ROOM_NEEDED))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise OSError(
            f"cannot write to {directory} ({error.strerror}); "
            "free space there, or give another directory with --out"
        ) from None
    return directory


def _command_kept(context: Context) -> contextlib.AbstractContextManager:
    """While it is open, results are saved with the command that runs, as far as it changes them."""
    from rfjax.experiments.result import run_by

    words = ["rfjax", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        if parameter.name in PLACES or value in (None, False, parameter.default):
            continue
        if parameter.param_type_name == "option":
            words.append(parameter.opts[0])
        if value is not True:
            words.append(str(value.value if isinstance(value, enum.Enum) else value))
    return run_by(" ".join(words))


def _status(title: str) -> contextlib.AbstractContextManager:
    """What is being done, on stderr, while it is."""
    from rich.console import Console

    return Console(stderr=True).status(title)


@contextlib.contextmanager
def _progress() -> Iterator[Callable]:
    """A bar for each network on stderr, with the epoch, the train loss and the test accuracy."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from rfjax.training import Metrics

    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        first = progress.add_task("compiling", total=None, state="")
        bars = {}

        def on_epoch(network: str, epoch: int, epochs: int, metrics: Metrics) -> None:
            progress.update(first, visible=False)
            if network not in bars:
                bars[network] = progress.add_task(network, total=epochs, state="")
            loss, accuracy = metrics.train_loss.mean(), metrics.test_accuracy.mean()
            state = f"loss {loss:.3f}  accuracy {accuracy:.1%}"
            progress.update(bars[network], completed=epoch, state=state)

        yield on_epoch


def _report(result: object, out: Path) -> None:
    from rich.console import Console

    Console().print(result)
    typer.echo(f"written to {out}")
