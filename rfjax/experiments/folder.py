"""The directory of a run: its own, writable, and held by one run at a time."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rfjax.checks import InvalidInput
from rfjax.experiments.result import FILE, Result
from rfjax.training.alone import alone_in
from rfjax.training.checkpoint import holds_checkpoints, remove_checkpoints

ROOM_NEEDED = 4 << 20  # bytes; what the checkpoints, the figures and the result of a run take


def ended(directory: Path, command: str) -> Result | None:
    """The result of the same command, if it ended in this directory before.

    **Raises:** `InvalidInput` if there is a damaged result, one of another task, or one of other
    settings without the checkpoints that say which.
    """
    found = Result.read(directory)
    if found is None or found.command == command:
        return found
    if _task(found.command) != _task(command):
        raise InvalidInput(
            f"{directory} holds the result of {found.command or found.name}; "
            "give another directory with --out"
        )
    if not holds_checkpoints(directory):
        raise InvalidInput(
            f"{directory} holds the result of {found.command} and no checkpoints to go on from; "
            "--overwrite replaces it, --out DIR writes elsewhere"
        )
    return None


@contextlib.contextmanager
def claimed(directory: Path, resume: bool, overwrite: bool, *, resumable: bool) -> Iterator[None]:
    """While it is open, a directory belongs to one run alone.

    What is to be replaced goes first, so that a result never stands beside other checkpoints, nor
    those of one network beside older ones of another.

    **Arguments:** `directory`, made if absent; `resume` or `overwrite` what it holds; `resumable`:
    whether such a run can be resumed at all.

    **Raises:** `InvalidInput` for a file in its place, if it holds other files or a run that is
    neither resumed nor replaced, or if another run is writing there; `OSError` if it cannot be
    written.
    """
    if resume and overwrite:
        raise InvalidInput("--resume and --overwrite exclude each other; give one of them")
    _make_writable(directory)
    with alone_in(directory):
        is_run = (directory / FILE).is_file() or holds_checkpoints(directory)
        if is_run and not (resume or overwrite):
            goes_on = "--resume goes on with it, " if resumable else ""
            raise InvalidInput(
                f"{directory} holds a run; {goes_on}--overwrite replaces it, "
                "--out DIR writes elsewhere"
            )
        if not is_run and (theirs := _first_file(directory)):
            raise InvalidInput(
                f"{directory} holds {theirs.name} but no run, and nothing of it is replaced; "
                "give a new or an empty directory with --out"
            )
        if overwrite:
            (directory / FILE).unlink(missing_ok=True)
            remove_checkpoints(directory)
        yield


def _task(command: str | None) -> list[str]:
    """What a command runs, without its options: `rfjax train digits`."""
    return (command or "").split()[:3]


def _first_file(directory: Path) -> Path | None:
    """A file in a directory or below it, if there is one; hidden ones do not count."""
    for path in directory.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(directory).parts)
        if not hidden and not path.is_dir():
            return path
    return None


def _make_writable(directory: Path) -> None:
    """Make it if absent, and let it take a file of some size: better now than late."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(ROOM_NEEDED))
            probe.flush()
            os.fsync(probe.fileno())
    except (FileExistsError, NotADirectoryError):
        taken = next(path for path in (directory, *directory.parents) if path.is_file())
        raise InvalidInput(f"{taken} is a file; give a directory with --out") from None
    except OSError as error:
        raise OSError(
            f"cannot write to {directory} ({error.strerror}); "
            "free space there, or give another directory with --out"
        ) from None
