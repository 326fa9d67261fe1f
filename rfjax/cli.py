"""The command line: `rfjax train`, `rfjax reproduce` and `rfjax info`."""

import _thread
import contextlib
import difflib
import enum
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer  # all else that is large is imported once a command runs and can be stopped

TASKS = {"digits": "rfjax.experiments.digits.training"}
RUNS = Path("runs")
_WIDEST = 4  # digits of a width in characters
PLACES = ("out", "data", "resume", "overwrite", "formats")  # options that change no number
# Typer brings its own Click, not always by that name.
UsageError: Any = typer.BadParameter.__mro__[1]
if TYPE_CHECKING:
    from rich.status import Status

    from rfjax.experiments.common.result import Result

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


class Format(enum.StrEnum):
    """What `--format` may be."""

    SVG = "svg"
    PDF = "pdf"


OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where results go.", show_default="runs/NAME"),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the run that DIR holds.")
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="Of the figures, beside PNG.", show_default="svg"),
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
    epochs: Annotated[int, typer.Option(min=1, max=999_999)] = 30,
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
    out = out or RUNS / task
    command = _command(context)
    if resume and not overwrite and _report_ended(out, command, formats):
        return
    kept = _kept(resumable=True, overwrite=overwrite)
    with folder.claimed(out, resume, overwrite, resumable=True):
        _prepare_devices()
        job = importlib.import_module(module)
        with _stoppable(kept), _written(command, formats), _progress() as on_epoch:
            result = job.run(
                out,
                rectifier=rectifier.value,
                gradient=gradient.value,
                epochs=epochs,
                seeds=range(seed, seed + seeds),
                batch_size=batch_size,
                learning_rate=learning_rate,
                resume=resume,
                overwrite=overwrite,
                on_epoch=on_epoch,
            )
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
            _say(f"{listed:24}{entry.title}")
        return
    if name is None:
        raise InvalidInput("no NAME is given; rfjax reproduce --list lists the names")
    if name not in experiments.ENTRIES:
        if name in experiments.RENAMED:
            renamed = experiments.RENAMED[name]
            raise InvalidInput(f"NAME is {name!r}, which is called {renamed} now")
        near = difflib.get_close_matches(name, experiments.names(), 1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise InvalidInput(f"NAME is {name!r}; {meant}rfjax reproduce --list lists the names")
    entry = experiments.ENTRIES[name]
    trains = entry.trains_on_mnist
    if not trains and (data or seeds or resume):
        raise InvalidInput(
            f"{name} does not train on MNIST; leave out --data, --seeds and --resume"
        )
    out = out or RUNS / name
    command = _command(context)
    if resume and not overwrite and _report_ended(out, command, formats):
        return
    kept = _kept(resumable=trains, overwrite=overwrite)
    with folder.claimed(out, resume, overwrite, resumable=trains):
        _prepare_devices()
        experiment = experiments.load(name)
        with _stoppable(kept), _written(command, formats):
            if trains:
                result = _trained(experiment, out, data, seeds, quick, resume, overwrite)
            else:
                with _status(entry.title), folder.arriving_together(out) as draft:
                    result = experiment.run(draft, quick=quick)
    _report(result, out)


def _trained(experiment, out, data, seeds, quick, resume, overwrite) -> "Result":
    """Run an experiment that trains on MNIST."""
    from rfjax.experiments.mnist.training import MnistTraining

    with _progress() as on_epoch:
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


@app.command()
def info() -> None:
    """Versions, devices and precision."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import jax

    from rfjax import __version__

    _check_devices()
    lines = [f"rfjax      {__version__}", f"python     {platform.python_version()}"]
    for package in ("jax", "jaxlib", "equinox", "optax", "scikit-learn"):
        with contextlib.suppress(PackageNotFoundError):
            lines.append(f"{package:10} {version(package)}")
    devices = ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices())
    lines.append(f"devices    {devices}; {os.cpu_count()} CPU cores")
    lines.append(f"precision  {'float64' if jax.config.read('jax_enable_x64') else 'float32'}")
    _say(*lines)


def main() -> None:
    """Run the command line; whatever goes wrong for the user ends in one line and an exit code."""
    os.environ["MPLBACKEND"] = "Agg"  # figures go to files, whatever the shell has for windows
    if len(os.environ.get("COLUMNS", "")) > _WIDEST:
        del os.environ["COLUMNS"]
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    with _signals:
        try:
            with _stoppable("nothing was computed"):
                code = _run(sys.argv[1:] or ["--help"])
                if code == 128 + signal.SIGINT:
                    raise KeyboardInterrupt  # which Click took for its own
        except _NotPrinted as error:
            if str(error):
                _complain(error, 1)
            _leave(1)
        except _Stopped as error:
            _leave(_complain(error, 128 + (_signals.number or signal.SIGINT)))
    sys.exit(code)


def _run(words: list[str]) -> int:
    try:
        from rfjax.checks import InvalidInput
    except ValueError as error:  # of JAX, which reads its settings when it is imported
        return _complain(f"a variable of the environment has a value that JAX refuses ({error})", 2)
    try:
        return app(words, standalone_mode=False) or 0
    except (InvalidInput, UsageError) as error:
        return _complain(getattr(error, "format_message", lambda: error)(), 2)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        known = (
            f"cannot write{where} ({error.strerror}); free space, or write elsewhere with --out; "
            "a training goes on with --resume"
        )
        return _complain(known if error.strerror else error, 1)


class _Signals:
    """Ctrl-C and SIGTERM end a command the same way; the first of them is remembered.

    What is raised while Python collects garbage is lost, and is then raised once more.
    """

    number: int | None = None

    def __enter__(self) -> "_Signals":
        stopping = (signal.SIGINT, signal.SIGTERM)
        self.number = None
        self._before = {each: signal.getsignal(each) for each in stopping}
        for each, handler in self._before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(each, self._stop)
        self._hook, sys.unraisablehook = sys.unraisablehook, self._lost
        return self

    def __exit__(self, *_) -> None:
        sys.unraisablehook = self._hook
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _stop(self, number: int, _) -> None:
        self.number = self.number or number
        raise KeyboardInterrupt

    def _lost(self, unraisable: Any) -> None:
        if self.number is None or not isinstance(unraisable.exc_value, KeyboardInterrupt):
            self._hook(unraisable)
        else:
            threading.Timer(0.05, _thread.interrupt_main, (self.number,)).start()


_signals = _Signals()


class _Stopped(BaseException):
    """The user stopped a command; the message says what can be done."""


class _NotPrinted(Exception):
    """Standard output takes nothing; the message says where the result is, if anyone reads it."""


@contextlib.contextmanager
def _stoppable(kept: str) -> Iterator[None]:
    """While it is open, Ctrl-C ends with a word on what is kept.

    What was stopped inside of a compiled program, or of Click, surfaces as an error of theirs.
    """
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        if _signals.number is None and not isinstance(error, KeyboardInterrupt):
            raise
        raise _Stopped(f"stopped; {kept}") from None


def _kept(*, resumable: bool, overwrite: bool) -> str:
    """What is left of a run that was stopped, for its message."""
    if overwrite and resumable:
        return (
            "--resume in place of --overwrite continues; "
            "an earlier run is kept if no epoch was complete"
        )
    if overwrite:
        return "an earlier run is kept"
    return "the same command with --resume continues" if resumable else "nothing is kept"


def _complain(error: object, code: int) -> int:
    typer.echo("error: " + " ".join(str(error).split()), err=True)
    return code


def _leave(code: int) -> None:
    """End at once: what Python does last may fail, on threads that compile or a full output."""
    sys.stderr.flush()
    os._exit(code)


def _say(*printed: object, saved: str = "") -> None:
    """Print on standard output.

    **Raises:** `_NotPrinted` if it takes nothing.
    """
    from rich.console import Console

    if sys.stdout is None:
        raise _NotPrinted(f"cannot print to standard output (it is closed){saved}")
    try:
        for each in printed:
            typer.echo(each) if isinstance(each, str) else Console().print(each)
        sys.stdout.flush()
    except BrokenPipeError:
        raise _NotPrinted from None
    except OSError as error:
        raise _NotPrinted(f"cannot print to standard output ({error.strerror}){saved}") from None


def _check_devices() -> None:
    """Refuse devices that are asked for and absent, before anything computes on them."""
    import jax

    from rfjax.checks import InvalidInput

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        asked = os.environ.get("JAX_PLATFORMS")
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInput(
            f"JAX_PLATFORMS is {asked!r}, which JAX does not find here; give cpu, or leave it out"
            if asked
            else f"JAX finds no device ({reason})"
        ) from None


def _prepare_devices() -> None:
    """Devices that are there, and what other processes have compiled for them."""
    from rfjax.compilation import use_persistent_cache

    _check_devices()
    use_persistent_cache()


@contextlib.contextmanager
def _written(command: str, formats: Format | None) -> Iterator[None]:
    """While it is open, results are saved with their command, and figures in a format."""
    from rfjax import plotting
    from rfjax.experiments.common.result import run_by

    with run_by(command), plotting.saved_as((formats or Format.SVG).value):
        yield


def _command(context: Context) -> str:
    """The command that runs, as far as it changes numbers."""
    import jax

    from rfjax.experiments.common.folder import FLOAT64

    words = [FLOAT64] * bool(jax.config.read("jax_enable_x64"))
    words += ["rfjax", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        if parameter.name in PLACES or value in (None, False, parameter.default):
            continue
        if parameter.param_type_name == "option":
            words.append(parameter.opts[0])
        if value is not True:
            words.append(str(value.value if isinstance(value, enum.Enum) else value))
    return " ".join(words)


def _status(title: str) -> "Status":
    """What is being done, on stderr, while it is."""
    from rich.console import Console

    return Console(stderr=True).status(title)


@contextlib.contextmanager
def _progress() -> Iterator[Callable]:
    """A bar for each network on stderr, with the epoch, the train loss and the test accuracy.

    Until the first epoch ends it says that programs compile; nothing of that stays.
    """
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
    progress = Progress(*columns, console=Console(stderr=True))
    bars = {}
    with contextlib.ExitStack() as shown:
        compiling = shown.enter_context(_status("compiling"))

        def on_epoch(network: str, epoch: int, epochs: int, metrics: Metrics) -> None:
            if not bars:
                compiling.stop()
                shown.enter_context(progress)
            if network not in bars:
                bars[network] = progress.add_task(network, total=epochs, state="")
            loss, accuracy = metrics.train_loss.mean(), metrics.test_accuracy.mean()
            state = f"loss {loss:.3f}  accuracy {accuracy:.1%}"
            progress.update(bars[network], completed=epoch, state=state)

        yield on_epoch


def _report_ended(out: Path, command: str, formats: Format | None) -> bool:
    """Print the result of a run that had ended, unless figures can still be drawn of it.

    **Returns:** whether it was printed.

    Figures of a format that was asked for and is not there are drawn anew from the checkpoints.
    """
    from rfjax.experiments.common import folder

    found = folder.ended(out, command)
    if found is None:
        return False
    how = "this run had ended; read from"
    if formats and not _drawn(out, formats.value):
        if folder.checkpoints(out):
            return False
        how = (
            f"this run had ended, without checkpoints to draw {formats.value} from "
            "(--overwrite computes it anew); read from"
        )
    _report(found, out, how)
    return True


def _drawn(out: Path, name: str) -> bool:
    """Whether every figure is there in a format, and not older than its PNG."""
    pairs = [(each, each.with_suffix(f".{name}")) for each in out.glob("*.png")]
    return bool(pairs) and all(
        other.exists() and other.stat().st_mtime >= each.stat().st_mtime for each, other in pairs
    )


def _report(result: object, out: Path, how: str = "written to") -> None:
    _say(result, f"{how} {out}", saved=f"; the result is in {out}")
