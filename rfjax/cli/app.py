"""The command line as a whole: its commands, and how it ends."""

import contextlib
import os
import signal
import sys
from typing import Any

import typer  # all else that is large is imported once a command runs and can be stopped

from rfjax.cli import ending
from rfjax.cli.evaluate import evaluate
from rfjax.cli.fit import fit
from rfjax.cli.info import info
from rfjax.cli.output import NotPrinted, complain
from rfjax.cli.reproduce import reproduce
from rfjax.cli.train import train

_WIDEST = 4  # digits of a width in characters
# Typer brings its own Click, not always by that name.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
for command in (train, evaluate, reproduce, fit, info):
    app.command()(command)


@app.callback()
def rfjax() -> None:
    """Neural networks of radio-frequency spintronic devices, computed through their physics."""


def main() -> None:
    """Run the command line; whatever goes wrong for the user ends in one line and an exit code."""
    os.environ["MPLBACKEND"] = "Agg"  # figures go to files, whatever the shell has for windows
    if len(os.environ.get("COLUMNS", "")) > _WIDEST:
        del os.environ["COLUMNS"]
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    with ending.signals:
        try:
            with ending.stoppable("nothing was computed"):
                code = _run(sys.argv[1:] or ["--help"])
                if code == 128 + signal.SIGINT:
                    raise KeyboardInterrupt  # which Click took for its own
        except NotPrinted as error:
            if str(error):
                complain(error, 1)
            ending.leave(1)
        except ending.Stopped as error:
            ending.leave(complain(error, 128 + (ending.signals.number or signal.SIGINT)))
    sys.exit(code)


def _run(words: list[str]) -> int:
    try:
        from rfjax.checks import InvalidInput
    except ValueError as error:  # of JAX, which reads its settings when it is imported
        return complain(f"a variable of the environment has a value that JAX refuses ({error})", 2)
    try:
        return app(words, standalone_mode=False) or 0
    except (InvalidInput, UsageError) as error:
        return complain(getattr(error, "format_message", lambda: error)(), 2)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        known = (
            f"cannot write{where} ({error.strerror}); free space, or write elsewhere with --out; "
            "a training goes on with --resume"
        )
        return complain(known if error.strerror else error, 1)
