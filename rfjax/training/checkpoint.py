"""Checkpoints of a training, so that a run that was killed and resumed ends as if it was not."""

import contextlib
import dataclasses
import json
import logging
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from rfjax.checks import InvalidInput
from rfjax.training.metrics import History

KEPT = 2


class NotSaved(OSError):
    """A checkpoint could not be written; the message says where and why, in one line."""


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """Where a training keeps its checkpoints, and whether it goes on from the newest of them.

    **Arguments:** `directory`: a folder for the checkpoints of this run only, made if absent;
    `resume`: go on from the newest checkpoint there (from the start if there is none), instead of
    deleting what an earlier run left; `settings`: what else names the run, words and numbers
    by name. Checkpoints of a run with other settings are refused.
    """

    directory: Path | str
    resume: bool = False
    settings: Mapping[str, str | int | float | bool | None] = dataclasses.field(
        default_factory=dict
    )
    every: float = 1.0

    def start(self, state: PyTree, identity: Mapping[str, object]) -> tuple[PyTree, History] | None:
        """Prepare the directory, and read the newest checkpoint if the run is to be resumed.

        **Arguments:** `state`: a state of the run, for its structure; `identity`: what names the
        run besides `settings`.

        **Returns:** (state, history) to go on from, or None to start from the beginning.

        **Raises:** `InvalidInput` if the checkpoint is damaged or of another run; `NotSaved` if
        the directory cannot be written.
        """
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            for leftover in self._folder.glob("epoch-*.orbax-checkpoint-tmp*"):
                shutil.rmtree(leftover)
            with tempfile.TemporaryFile(dir=self._folder):
                pass  # it can be written: better known now than after an hour
            if not self.resume:
                for old in self._saved():
                    shutil.rmtree(old)
        saved = self._saved()
        return self._read(saved[-1], state, identity) if saved else None

    @contextlib.contextmanager
    def saving(self, identity: Mapping[str, object]) -> Iterator[Callable[[PyTree, History], None]]:
        """While it is open, take each complete epoch by `offer(state, history)`, and save in time.

        The newest epoch is saved at the end as well, also when an error or Ctrl-C ends the run.

        **Arguments:** `identity`: as in `start`.

        **Returns:** a context that hands out `offer`.

        **Raises:** `NotSaved` if a checkpoint cannot be written.
        """
        waiting: list = []
        saved_at = time.monotonic()

        def offer(state: PyTree, history: History) -> None:
            waiting[:] = [jax.tree.map(np.array, state), history]  # copies: training goes on
            if time.monotonic() - saved_at >= self.every:
                save()

        def save() -> None:
            nonlocal saved_at
            if waiting:
                self._write(waiting[0], waiting[1], identity)
                waiting.clear()
                saved_at = time.monotonic()

        try:
            yield offer
        except NotSaved:
            raise
        except BaseException:
            save()
            raise
        save()

    def _write(self, state: PyTree, history: History, identity: Mapping[str, object]) -> None:
        content = {
            "identity": np.frombuffer(self._identity(identity).encode(), np.uint8),
            "history": jax.tree.leaves(history),
            "state": jax.tree.leaves(state),
        }
        with self._writing(), _quiet(), _undisturbed():
            _checkpointer().save(self._folder / f"epoch-{len(history):06d}", content, force=True)
            for old in self._saved()[:-KEPT]:
                shutil.rmtree(old)

    def _read(self, path: Path, state: PyTree, identity: Mapping[str, object]):
        try:
            with _quiet():
                content = _checkpointer().restore(path)
            theirs = json.loads(content["identity"].tobytes())
            history = History(*content["history"])
            leaves = [jnp.asarray(leaf) for leaf in content["state"]]
        except Exception:  # a damaged file surfaces as any of a dozen types
            raise InvalidInput(
                f"the checkpoint {path} is damaged or incomplete; delete that folder to go on from "
                "the checkpoint before it, or train anew without resuming"
            ) from None
        ours = json.loads(self._identity(identity))
        different = [name for name in theirs | ours if theirs.get(name) != ours.get(name)]
        if different:
            name = different[0]
            raise InvalidInput(
                f"the checkpoints in {self.directory} are of another run ({name} was "
                f"{theirs.get(name)!r}, is now {ours.get(name)!r}); "
                "give another directory, or train anew without resuming"
            )
        return jax.tree.unflatten(jax.tree.structure(state), leaves), history

    @property
    def _folder(self) -> Path:
        return Path(self.directory).absolute()

    def _identity(self, identity: Mapping[str, object]) -> str:
        return json.dumps({**self.settings, **identity})

    def _saved(self) -> list[Path]:
        named = self._folder.glob("epoch-*")
        return sorted(path for path in named if re.fullmatch(r"epoch-\d{6}", path.name))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, RuntimeError) as error:  # a full disk may be any of them
            reason = str(error).strip().splitlines()
            raise NotSaved(
                f"cannot write checkpoints to {self.directory} "
                f"({reason[0] if reason else type(error).__name__}); "
                "free space there, or give another directory"
            ) from None


def _checkpointer():
    import orbax.checkpoint as ocp  # here, since only runs with checkpoints should wait for it

    return ocp.Checkpointer(ocp.PyTreeCheckpointHandler(use_ocdbt=False))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back while a checkpoint is written: the event loop that writes may lose it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = []
    before = signal.signal(signal.SIGINT, lambda *_: held.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if held:
        signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the checkpoint library's log off the screen: we report what fails ourselves."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
