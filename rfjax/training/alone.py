"""One run at a time in a directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rfjax.checks import InvalidInput


@contextlib.contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """While it is open, no other process and no other run gets the same directory from here.

    The directory itself is locked, so that no file is left; the lock ends with the process.

    **Arguments:** `directory`, which is there.

    **Raises:** `InvalidInput` if another run has it.
    """
    opened = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput(
                f"another run is writing to {directory}; wait until it ends, "
                "or give another directory"
            ) from None
        except OSError:
            pass  # some network drives have no locks
        yield
    finally:
        os.close(opened)
