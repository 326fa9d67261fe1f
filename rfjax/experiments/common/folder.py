"""The directory of a run: its own, writable, and held by one run at a time."""

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rfjax.checks import InvalidInput
from rfjax.experiments.common.result import FILE, Result
from rfjax.training.alone import alone_in
from rfjax.training.checkpoint import check_own, checkpoints_of, is_draft, is_foreign

ROOM_NEEDED = 4 << 20  # bytes; what the checkpoints, the figures and the result of a run take
FLOAT64 = "JAX_ENABLE_X64=1"  # before a command that was run in this precision
# The earlier run waits in _ASIDE until the run that replaces it ends. _MOVING: a move there or back
# is not complete; its files belong where they were.
_MOVING, _ASIDE = ".rfjax-moving", ".rfjax-aside"
_DRAFT = ".rfjax-draft"  # where a run without checkpoints writes until it ends


def ended(directory: Path, command: str) -> Result | None:
    """The result of the same command, if it ended in this directory before.

    **Raises:** `InvalidInput` if there is a damaged result, one of another task or in another
    precision, or one of other settings whose checkpoints are gone.
    """
    if any((directory / each).is_dir() for each in (_MOVING, _ASIDE)):
        with alone_in(directory):
            _settle(directory)
    found = Result.read(directory)
    if found is None or found.command == command:
        return found
    if _task(found.command) != _task(command):
        raise InvalidInput(
            f"{directory} holds the result of {found.command or found.name}; "
            "give another directory with --out"
        )
    if precision(found.command) != precision(command):
        raise InvalidInput(
            f"{directory} holds a run in {precision(found.command)}, not {precision(command)}; "
            "set JAX_ENABLE_X64 as it was to resume, or give another directory with --out"
        )
    if not checkpoints(directory):
        raise InvalidInput(
            f"{directory} holds the result of {found.command} and no checkpoints to go on from; "
            "--overwrite replaces it, --out DIR writes elsewhere"
        )
    return None


@contextlib.contextmanager
def claimed(directory: Path, resume: bool, overwrite: bool, *, resumable: bool) -> Iterator[None]:
    """While it is open, a directory belongs to one run alone.

    What is to be replaced is set aside, so that a result never stands beside other checkpoints, nor
    those of one network beside older ones of another. It is dropped at the end, or put back if the
    new run has written neither a checkpoint nor a result; after a kill, the next command does so.

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
        _settle(directory)
        found = Result.read(directory)  # what is no result of ours is refused
        is_run = found is not None or bool(checkpoints(directory))
        if is_run and not (resume or overwrite):
            goes_on = "--resume goes on with it, " if resumable else ""
            raise InvalidInput(
                f"{directory} holds a run; {goes_on}--overwrite replaces it, "
                "--out DIR writes elsewhere"
            )
        if not is_run and (theirs := _first_file(directory)):
            raise InvalidInput(
                f"{directory} holds {theirs} but no run, and nothing of it is replaced; "
                "give a new or an empty directory with --out"
            )
        check_own(checkpoints_of(directory))
        try:
            if overwrite:
                _set_aside(directory)
            yield
        finally:
            _settle(directory)


@contextlib.contextmanager
def arriving_together(directory: Path) -> Iterator[Path]:
    """A folder for the files of a run, all of which move to its directory when it has ended.

    A run that is stopped before its files move leaves nothing, and changes nothing of what was
    there.
    """
    draft = directory / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
    draft.mkdir()
    try:
        yield draft
        # The result comes last: it says that a run has ended.
        written = sorted(draft.iterdir(), key=lambda each: each.name == FILE)
        _move(draft, directory, written)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def checkpoints(directory: Path) -> list[Path]:
    """The checkpoints that a run keeps in its directory."""
    return [each for each in checkpoints_of(directory) if not is_foreign(each)]


def _set_aside(directory: Path) -> None:
    """Take the result and the checkpoints of a run out of the way of the next one."""
    file = directory / FILE
    _move(
        directory,
        directory / _MOVING,
        [file] * file.exists() + checkpoints(directory),
    )
    (directory / _MOVING).rename(directory / _ASIDE)


def _settle(directory: Path) -> None:
    """Drop what was set aside if the new run has written a checkpoint or a result, or put it back.

    Stopped at any moment, it ends the same way when it is called again.
    """
    moving, aside = directory / _MOVING, directory / _ASIDE
    if aside.is_dir():
        if (directory / FILE).exists() or checkpoints(directory):
            shutil.rmtree(aside)
        else:
            aside.rename(moving)
    if moving.is_dir():
        _move(moving, directory, [each for each in moving.rglob("*") if not each.is_dir()])
        shutil.rmtree(moving)


def _move(source: Path, target: Path, files: list[Path]) -> None:
    """Move files to the same places below another folder, which is made."""
    target.mkdir(exist_ok=True)
    for each in files:
        place = target / each.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            each.replace(place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            raise InvalidInput(
                f"{each.parent} and {target.parent} are on different file systems, so that nothing "
                "is replaced; give another directory with --out"
            ) from None


def _task(command: str | None) -> list[str]:
    """What a command runs, without its options: `rfjax train digits`."""
    return (command or "").removeprefix(FLOAT64).split()[:3]


def precision(command: str | None) -> str:
    """What a command computes in, float32 or float64."""
    return "float64" if (command or "").startswith(FLOAT64) else "float32"


def _first_file(directory: Path) -> Path | None:
    """A file in a directory or below it, from there, if there is one.

    Hidden ones and what a killed run began of a checkpoint do not count.
    """
    for path in directory.rglob("*"):
        inner = path.relative_to(directory)
        hidden = any(part.startswith(".") for part in inner.parts)
        if not (hidden or path.is_dir() or is_draft(path)):
            return inner
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
