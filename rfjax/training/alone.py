"""One run at a time in a directory."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from rfjax.checks import InvalidInput

try:
    import fcntl
except ImportError:  # Windows locks no directories
    fcntl = None


@contextlib.contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold an exclusive lock on a directory, so that no other run writes there.

    The directory itself is locked, so that no file is left; the lock ends with the process.

    **Arguments:** `directory`, which is there.

    **Raises:** `InvalidInput` if another run has it.
    """
    if fcntl is None:
        yield
        return
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
