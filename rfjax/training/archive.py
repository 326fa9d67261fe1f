"""Files of arrays and JSON: written whole or not at all, and damaged ones are noticed.

A file is one line with a SHA-256 of the rest, then a NumPy archive (npz): the arrays, numbered, and
a JSON text that says what they are. No pickle is written or read.
"""

import contextlib
import hashlib
import io
import json
import os
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

SUFFIX = ".rfjax"
_BEGIN = b"rfjax 1 sha256 "
_CONTENT, _TYPES = "content", "types"


class Unreadable(ValueError):
    """A file is damaged, or of another kind."""


def write(path: Path, content: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
    """Write JSON and arrays to a file, in place of the one that is there.

    **Arguments:** `path`; `content`: what JSON can hold; `arrays`, of any type that JAX knows.

    **Raises:** `OSError` if it cannot be written; the file of before is then still there.
    """
    arrays = [np.asarray(array) for array in arrays]
    text = json.dumps({_CONTENT: content, _TYPES: [array.dtype.name for array in arrays]})
    arrays = [array.astype(array.dtype.newbyteorder("=")) for array in arrays]
    # NumPy's files do not know the types that JAX adds, such as bfloat16.
    plain = [a if a.dtype.kind in "biufc" else a.view(f"u{a.dtype.itemsize}") for a in arrays]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        **{_CONTENT: np.frombuffer(text.encode(), np.uint8)},  # pyright: ignore[reportArgumentType]
        **{str(number): array for number, array in enumerate(plain)},  # pyright: ignore[reportArgumentType]
    )
    packed = buffer.getvalue()
    # A name that nobody else's file has: what is there is never overwritten.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            file.write(_BEGIN + hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def read(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """What `write` wrote.

    **Returns:** (content, arrays).

    **Raises:** `Unreadable` if the file is damaged or was not written by `write`; `OSError` if it
    cannot be read.
    """
    begin, _, packed = path.read_bytes().partition(b"\n")
    if begin != _BEGIN + hashlib.sha256(packed).hexdigest().encode():
        raise Unreadable(f"{path} is damaged, or was not written by rfjax")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as entries:
            text = json.loads(entries[_CONTENT].tobytes())
            arrays = [entries[str(number)] for number in range(len(text[_TYPES]))]
        typed = [a.view(jnp.dtype(name)) for a, name in zip(arrays, text[_TYPES], strict=True)]
        return dict(text[_CONTENT]), typed
    except (ValueError, TypeError, KeyError, AttributeError, EOFError, zipfile.BadZipFile):
        raise Unreadable(f"{path} has a checksum that fits, but was not written by rfjax") from None


def is_archive(path: Path) -> bool:
    """Whether a file begins as those of `write` do; one that was cut off at once counts."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return _BEGIN.startswith(file.read(len(_BEGIN)))
