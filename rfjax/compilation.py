"""Compiled programs kept on disk, so that one process need not compile what another one has."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

VARIABLE = "RFJAX_CACHE"  # "off", or a directory
MOST_BYTES = 2**29
_OURS = {  # even small programs take longer to compile than to read
    "jax_persistent_cache_min_compile_time_secs": (1.0, 0.0),
    "jax_persistent_cache_min_entry_size_bytes": (0, -1),
}


def use_persistent_cache(most_bytes: int = MOST_BYTES) -> Path | None:
    """Turn on JAX's persistent compilation cache, in the user's cache directory.

    What the user has configured stays: a directory of his own (`jax_compilation_cache_dir`,
    `JAX_COMPILATION_CACHE_DIR`) or no cache (`jax_enable_compilation_cache`). The variable
    `RFJAX_CACHE` of the environment turns it off (`off`), or names another directory. Programs that
    have not been used for longest are removed whenever a process begins with more than is allowed.
    A directory that cannot be written to is no error: everything is compiled.

    **Arguments:**

    - `most_bytes` that programs of earlier processes may take.

    **Returns:** the directory that is in use, None if there is none.
    """
    if not _setting("jax_enable_compilation_cache"):
        return None
    if chosen := _setting("jax_compilation_cache_dir"):
        return Path(chosen)
    directory = _directory()
    if directory is None:
        return None
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _prune(directory, most_bytes)
    except OSError:
        return None
    if not os.access(directory, os.W_OK | os.X_OK):
        return None
    for name, (theirs, ours) in _OURS.items():
        if _setting(name) == theirs and name.upper() not in os.environ:
            jax.config.update(name, ours)
    jax.config.update("jax_compilation_cache_dir", str(directory))
    return directory


def on_cpu() -> bool:
    """Whether arrays are computed on a CPU by default, for which programs may take another form."""
    device = _setting("jax_default_device") or jax.devices()[0]
    return (device if isinstance(device, str) else device.platform) == "cpu"


def _setting(name: str) -> Any:
    return getattr(jax.config, name)


def _directory() -> Path | None:
    """Where programs are kept, if at all."""
    asked = os.environ.get(VARIABLE, "").strip()
    if asked.lower() in ("off", "0", "false", "no"):
        return None
    try:
        return Path(asked).expanduser() if asked else _of_the_user() / "rfjax" / "programs"
    except RuntimeError:  # a user without a home
        return None


def _of_the_user() -> Path:
    """The directory for caches, by the conventions of the platform."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local)
    # The convention has it that relative paths do not count.
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return given if given.is_absolute() else Path.home() / ".cache"


def _prune(directory: Path, most_bytes: int) -> None:
    """Remove the programs that have not been used for longest, until the rest is small enough.

    JAX's own bound needs a further package, and reads all entries whenever it writes one.
    """
    with os.scandir(directory) as entries:
        programs = [
            (entry.stat(), entry.path) for entry in entries if entry.name.endswith("-cache")
        ]
    programs.sort(key=lambda each: max(each[0].st_atime, each[0].st_mtime), reverse=True)
    total = 0
    for status, path in programs:
        total += status.st_size
        if total > most_bytes:
            with contextlib.suppress(OSError):  # another process may have removed it
                os.unlink(path)


class Spent:
    """What compilation has taken."""

    def __init__(self):
        self._spans: list[tuple[float, float]] = []

    @property
    def seconds(self) -> float:
        """Tracing, lowering and compilation, each second counted once."""
        return sum(end - begin for begin, end in self._spans)

    def add(self, begin: float, end: float) -> None:
        """Add a span that ends now, with all within it: programs are traced inside of others."""
        outside = [span for span in self._spans if sum(span) / 2 < begin]
        self._spans = [*outside, (begin, end)]


_EVENTS = "/jax/core/compile/"
_watched: list[Spent] = []


@contextlib.contextmanager
def compilation_time() -> Iterator[Spent]:
    """While it is open, adds up the time in which JAX traces, lowers and compiles.

    **Returns:** a context that hands out what was spent.
    """
    if not _listening:
        jax.monitoring.register_event_duration_secs_listener(_listen)
        _listening.append(True)
    spent = Spent()
    _watched.append(spent)
    try:
        yield spent
    finally:
        _watched.remove(spent)


_listening: list[bool] = []


def _listen(event: str, duration_secs: float, **_: Any) -> None:
    if event.startswith(_EVENTS):
        now = time.perf_counter()
        for spent in _watched:
            spent.add(now - duration_secs, now)
