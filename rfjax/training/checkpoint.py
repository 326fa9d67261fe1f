"""Checkpoints of a training, so that a run that was killed and resumed ends as if it was not."""

import contextlib
import dataclasses
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from rfjax.checks import InvalidInput, instance_of, non_negative_number, number, path
from rfjax.training import archive
from rfjax.training.alone import alone_in
from rfjax.training.metrics import History

KEPT = 2
FOLDER = "checkpoints"  # of a run; each of its networks has one of its own in it
_NAME, _DRAFT = r"epoch-\d{6}\.rfjax", r"\.[0-9a-f]{8}\.part"
LAST_EPOCH = 999_999  # of the six digits in a file's name

# How a setting that differs is put into words, where its name and values would say little.
_WORDS = {
    "seeds": "{} seeds, not {}",
    "network": "another network",
    "start": "another initial model",
    "optimiser": "another optimiser",
    "loss": "another loss",
    "data": "other data",
    "keys": "other keys",
}


class NotSaved(OSError):
    """A checkpoint could not be written; the message says where and why, in one line."""


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """Where a training keeps its checkpoints, and what becomes of those that are there already.

    Each is a file with a checksum, `epoch-NNNNNN.rfjax`; the newest two are kept. A directory that
    holds checkpoints is refused, unless the run goes on from them or replaces them. No other file
    is touched.

    **Arguments:**

    - `directory`: a folder for the checkpoints of this run, made if absent.
    - `resume`: go on from the newest checkpoint there, from the start if there is none.
    - `settings`: what else names the run, words and numbers by name. Checkpoints of a run with
      other settings are refused.
    - `every`: seconds, at least, from one checkpoint to the next; the last epoch is always saved.
    - `overwrite`: start anew; the checkpoints of an earlier run go once the first of this one is
      written.

    **Raises:** `InvalidInput` where a value is not allowed.
    """

    directory: Path | str
    resume: bool = False
    settings: Mapping[str, str | int | float | bool | None] = dataclasses.field(
        default_factory=dict
    )
    every: float = 1.0
    overwrite: bool = False

    def __post_init__(self):
        path("directory", self.directory)
        instance_of("resume", self.resume, bool, "True or False")
        instance_of("overwrite", self.overwrite, bool, "True or False")
        if self.resume and self.overwrite:
            raise InvalidInput("a run cannot both resume and overwrite another; choose one")
        instance_of("settings", self.settings, Mapping, "words and numbers by name")
        for name, value in self.settings.items():
            instance_of("a name of settings", name, str, "a word")
            if not (value is None or isinstance(value, str | bool)):
                number(f"settings[{name!r}]", value)
        non_negative_number("every", self.every)

    def check(self, epochs: int) -> None:
        """Refuse what `start` would refuse for its settings, before anything is prepared for it.

        **Arguments:** `epochs`: how many the run is to have in all.

        **Raises:** `InvalidInput` if the directory holds a run that is neither resumed nor
        overwritten, or whose newest checkpoint is damaged, of other settings or of a later epoch,
        or if it holds a file with the name of a checkpoint that no run wrote.
        """
        saved = self._saved()
        if saved and not (self.resume or self.overwrite):
            raise InvalidInput(
                f"{self.directory} holds checkpoints of a run; resume it, overwrite it, "
                "or give another directory"
            )
        if saved and self.resume:
            content, _ = _read(saved[-1])
            self._compare(content["settings"], self.settings)
            if content["epochs"] > epochs:
                raise InvalidInput(
                    f"epochs is {epochs} but the checkpoint has {content['epochs']}; "
                    "ask for at least as many"
                )
        check_own(saved)

    def start(
        self, state: PyTree, identity: Mapping[str, object], epochs: int
    ) -> tuple[PyTree, History] | None:
        """Prepare the directory, and read the newest checkpoint if the run is to be resumed.

        **Arguments:** `state`: a state of the run, for its structure; `identity`: what names the
        run besides `settings`; `epochs`: how many it is to have in all.

        **Returns:** (state, history) to go on from, or None to start from the beginning.

        **Raises:** `InvalidInput` as `check`, for a checkpoint of another run, and while another
        run writes there; `NotSaved` if the directory cannot be written.
        """
        self.check(epochs)
        saved = self._saved()
        found = self._restored(saved[-1], state, identity) if saved and self.resume else None
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass  # it can be written: better known now than after an hour
            with alone_in(self._folder):
                for draft in filter(is_draft, self._folder.glob("epoch-*")):
                    draft.unlink()
        return found

    @contextlib.contextmanager
    def saving(self, identity: Mapping[str, object]) -> Iterator[Callable[[PyTree, History], None]]:
        """While it is open, take each complete epoch by `offer(state, history)`, and save in time.

        The newest epoch is saved at the end as well, also when an error or Ctrl-C ends the run.

        **Arguments:** `identity`: as in `start`.

        **Returns:** a context that hands out `offer`.

        **Raises:** `NotSaved` if a checkpoint cannot be written; `InvalidInput` while another run
        writes there.
        """
        waiting: list = []
        replaced: list[Path] = []
        saved_at = time.monotonic()

        def offer(state: PyTree, history: History) -> None:
            waiting[:] = [jax.tree.map(np.array, state), history]  # copies: training goes on
            if time.monotonic() - saved_at >= self.every:
                save()

        def save() -> None:
            nonlocal saved_at
            if waiting:
                self._write(waiting[0], waiting[1], identity, replaced)
                waiting.clear()
                replaced.clear()
                saved_at = time.monotonic()

        with alone_in(self._folder):
            replaced += [] if self.resume else self._saved()
            try:
                yield offer
            except NotSaved:
                raise
            except BaseException:
                save()
                raise
            save()

    def _write(
        self,
        state: PyTree,
        history: History,
        identity: Mapping[str, object],
        replaced: Sequence[Path],
    ) -> None:
        content = {
            "kind": "checkpoint",
            "epochs": len(history),
            "settings": dict(self.settings),
            "identity": dict(identity),
        }
        arrays = [*jax.tree.leaves(history), *jax.tree.leaves(state)]
        with self._writing():
            path = self._folder / f"epoch-{len(history):06d}{archive.SUFFIX}"
            archive.write(path, content, arrays)
            for old in replaced:
                if old != path:
                    old.unlink()
            for old in self._saved()[:-KEPT]:
                old.unlink()

    def _restored(self, path: Path, state: PyTree, identity: Mapping[str, object]):
        content, arrays = _read(path)
        self._compare(content["identity"], identity)
        count = len(dataclasses.fields(History))
        leaves = [jnp.asarray(leaf) for leaf in arrays[count:]]
        return jax.tree.unflatten(jax.tree.structure(state), leaves), History(*arrays[:count])

    def _compare(self, theirs: Mapping[str, Any], given: Mapping[str, object]) -> None:
        ours = json.loads(json.dumps(dict(given)))
        for name in ours | theirs:
            then, now = theirs.get(name), ours.get(name)
            if then != now:
                words = _WORDS.get(name, f"{name} {{}}, not {{}}").format(then, now)
                raise InvalidInput(
                    f"the checkpoints in {self.directory} are of {words}; "
                    "ask for the same to resume, overwrite them, or give another directory"
                )

    @property
    def _folder(self) -> Path:
        return Path(self.directory).absolute()

    def _saved(self) -> list[Path]:
        return _named(self._folder.glob("epoch-*"))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise NotSaved(
                f"cannot write checkpoints to {self.directory} ({error.strerror or error}); "
                "free space there, or give another directory"
            ) from None


def checkpoints_of(run: Path) -> list[Path]:
    """The checkpoints of all networks of a run, in the folders where it keeps them and no other.

    **Arguments:** `run`: its directory, in which each network has a folder in `FOLDER`.

    **Returns:** paths of files with the name of a checkpoint, those that no run wrote included.
    """
    return _named((run / FOLDER).glob("*/epoch-*"))


def check_own(saved: Iterable[Path]) -> None:
    """Refuse files with the name of a checkpoint that hold something else.

    **Raises:** `InvalidInput` for the first of them.
    """
    for foreign in filter(is_foreign, saved):
        raise InvalidInput(
            f"{foreign} is damaged, or no checkpoint of rfjax; move it away, "
            "or give another directory"
        )


def is_draft(path: Path) -> bool:
    """Whether a file is what a run that was killed began of a checkpoint."""
    return bool(re.fullmatch(_NAME + _DRAFT, path.name)) and archive.is_archive(path)


def is_foreign(path: Path) -> bool:
    """Whether a file with the name of a checkpoint holds something else; a damaged one does not."""
    if not archive.is_archive(path) or path.stat().st_size == 0:  # they are never written empty
        return True
    try:
        return archive.read(path)[0].get("kind") != "checkpoint"
    except (archive.Unreadable, OSError):
        return False


def _named(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if re.fullmatch(_NAME, path.name))


def _read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    try:
        content, arrays = archive.read(path)
    except (archive.Unreadable, OSError):
        raise InvalidInput(
            f"the checkpoint {path} is damaged or incomplete; delete that file to go on from "
            "the checkpoint before it, or train anew without resuming"
        ) from None
    if content.get("kind") != "checkpoint":
        raise InvalidInput(
            f"{path} holds a {content.get('kind')}, not a checkpoint; move it away, "
            "or give another directory"
        )
    return content, arrays
