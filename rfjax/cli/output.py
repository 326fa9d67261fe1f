"""What commands print: results on standard output, complaints in one line on stderr."""

import sys
from pathlib import Path

import typer


class NotPrinted(Exception):
    """Standard output takes nothing; the message says where the result is, if anyone reads it."""


def complain(error: object, code: int) -> int:
    """Print an error as one line on stderr.

    **Returns:** the exit code that was given.
    """
    typer.echo("error: " + " ".join(str(error).split()), err=True)
    return code


def say(*printed: object, saved: str = "") -> None:
    """Print on standard output.

    **Raises:** `NotPrinted` if it takes nothing.
    """
    from rich.console import Console

    if sys.stdout is None:
        raise NotPrinted(f"cannot print to standard output (it is closed){saved}")
    try:
        for each in printed:
            typer.echo(each) if isinstance(each, str) else Console().print(each)
        sys.stdout.flush()
    except BrokenPipeError:
        raise NotPrinted from None
    except OSError as error:
        raise NotPrinted(f"cannot print to standard output ({error.strerror}){saved}") from None


def report(result: object, place: Path, how: str = "written to") -> None:
    """Print a result, and where it is."""
    say(result, f"{how} {place}", saved=f"; the result is in {place}")
