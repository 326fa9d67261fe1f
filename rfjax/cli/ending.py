"""How a command ends when it is stopped: in one line, that says what is kept."""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any


class _Signals:
    """Ctrl-C and SIGTERM end a command the same way; the first of them counts.

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


signals = _Signals()


class Stopped(BaseException):
    """The user stopped a command; the message says what can be done."""


@contextlib.contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """While it is open, Ctrl-C ends with a word on what is kept.

    What was stopped inside of a compiled program, or of Click, surfaces as an error of theirs.
    """
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        if signals.number is None and not isinstance(error, KeyboardInterrupt):
            raise
        raise Stopped(f"stopped; {kept}") from None


def kept(*, resumable: bool, overwrite: bool) -> str:
    """What is left of a run that was stopped, for its message."""
    if overwrite and resumable:
        return (
            "--resume in place of --overwrite continues; "
            "an earlier run is kept if no epoch was complete"
        )
    if overwrite:
        return "an earlier run is kept"
    return "the same command with --resume continues" if resumable else "nothing is kept"


def leave(code: int) -> None:
    """End at once: what Python does last may fail, on threads that compile or a full output."""
    sys.stderr.flush()
    os._exit(code)
