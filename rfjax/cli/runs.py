"""A run in its directory: how it is saved, and one that had ended."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rfjax.cli.options import Format
from rfjax.cli.output import report


@contextlib.contextmanager
def written(command: str, formats: Format | None) -> Iterator[None]:
    """While it is open, results are saved with their command, and figures in a format."""
    from rfjax import plotting
    from rfjax.experiments.common.result import run_by

    with run_by(command), plotting.saved_as((formats or Format.SVG).value):
        yield


def report_ended(out: Path, command: str, formats: Format | None) -> bool:
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
    report(found, out, how)
    return True


def _drawn(out: Path, name: str) -> bool:
    """Whether every figure is there in a format, and not older than its PNG."""
    pairs = [(each, each.with_suffix(f".{name}")) for each in out.glob("*.png")]
    return bool(pairs) and all(
        other.exists() and other.stat().st_mtime >= each.stat().st_mtime for each, other in pairs
    )
