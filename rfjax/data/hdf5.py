"""Arrays out of HDF5 files of known content, with nothing followed out of the file."""

import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from rfjax import checks
from rfjax.checks import InvalidInput

LIMIT = 1 << 28  # bytes
_MAGIC = b"\x89HDF\r\n\x1a\n"
_KINDS = {"f": "floating-point numbers", "iu": "whole numbers"}


def read_hdf5(
    path: Path | str, wanted: Mapping[str, str], limit: int = LIMIT
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Arrays of numbers out of the root of an HDF5 file, read through h5py.

    What a file declares is checked before anything of it is read: links have to be hard ones, data
    sets have to lie in the file itself, as plain numbers, whole, and within the limit. No object
    is unpickled, and no other file is opened.

    **Arguments:** `path` of the file; `wanted`: names of the data sets, and the kinds of numbers
    that each may have, as `numpy.dtype.kind`: "f" or "iu"; `limit`: bytes that the file may have,
    and each array.

    **Returns:** the arrays by name, in the byte order of the machine.

    **Raises:** `InvalidInput` if there is no such file, if it is damaged, of another format or too
    large, or if a data set is missing or is not as wanted.
    """
    path = checks.path("path", path)
    if not os.path.isfile(path):
        raise InvalidInput(f"{path} is not a file; give the path of an HDF5 file")
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); check the file") from None
    if start != _MAGIC:
        begins = f"starts with the bytes {start.hex(' ')}" if start else "is empty"
        raise InvalidInput(f"{path} is no HDF5 file: it {begins}; get it anew")
    if size > limit:
        raise InvalidInput(f"{path} has {size} bytes, more than the limit of {limit}")
    try:
        import h5py
    except ImportError:
        raise InvalidInput(
            'HDF5 is read through h5py, which is not installed; run: pip install "rfjax[files]"'
        ) from None
    try:
        with h5py.File(path, "r") as file:
            sets = {
                name: _checked(path, file, name, kinds, limit) for name, kinds in wanted.items()
            }
            return {name: _numbers(each) for name, each in sets.items()}
    except InvalidInput:
        raise
    except Exception as error:  # h5py raises whatever a damaged file leads to
        said = " ".join(str(error).split())[:80] or type(error).__name__
        raise InvalidInput(
            f"{path} is damaged: it is no valid HDF5 ({said}); get it anew"
        ) from None


def _checked(path: Path, file, name: str, kinds: str, limit: int):
    """A data set whose declaration is as wanted; nothing of its content is read."""
    import h5py

    link = file.get(name, getlink=True) if name in set(file) else None
    if link is None:
        listed = ", ".join(map(repr, list(file)[:8])) or "none"
        raise InvalidInput(f"{path} has no data set {name!r}; it has {listed[:120]}")
    if not isinstance(link, h5py.HardLink):
        raise InvalidInput(
            f"{name} of {path} is a link to another place, which is not followed; copy the data "
            "into the file"
        )
    found = file[name]
    if not isinstance(found, h5py.Dataset):
        raise InvalidInput(f"{name} of {path} is no data set; get the file anew")
    if found.is_virtual or found.external:
        raise InvalidInput(
            f"{name} of {path} lies in other files, which are not read; copy the data into the file"
        )
    if found.dtype.kind not in kinds:
        raise InvalidInput(f"{name} of {path} has type {found.dtype}; it must be {_KINDS[kinds]}")
    if found.shape is None or 0 in found.shape:
        raise InvalidInput(f"{name} of {path} has shape {found.shape}; it must hold numbers")
    if found.nbytes > limit:
        raise InvalidInput(
            f"{name} of {path} declares shape {found.shape}, which takes {found.nbytes} bytes, "
            f"more than the limit of {limit}; get the file anew"
        )
    if found.chunks and math.prod(found.chunks) * found.dtype.itemsize > limit:
        raise InvalidInput(
            f"{name} of {path} is stored in parts of more than the limit of {limit} bytes; get the "
            "file anew"
        )
    # What was never written would be read as zeros.
    if found.chunks is None and found.id.get_storage_size() < found.nbytes:
        raise InvalidInput(f"{name} of {path} is declared, but not stored whole; get it anew")
    return found


def _numbers(found) -> Shaped[np.ndarray, "..."]:
    return np.asarray(found[()]).astype(found.dtype.newbyteorder("="), copy=False)
