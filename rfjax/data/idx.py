"""IDX, the file format of MNIST: a header with type and shape, then numbers, big end first."""

import gzip
import math
import os
import struct
import sys
import zlib
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from rfjax import checks
from rfjax.checks import InvalidInput, positive_integer

LIMIT = 1 << 30  # bytes
MOST_DIMENSIONS = 64  # that numpy can hold
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_STARTS_WITH = b"\x1f\x8b"
_READ_AT_ONCE = 1 << 20  # bytes


def read_idx(path: Path | str, limit: int = LIMIT) -> Shaped[np.ndarray, "..."]:
    """An array of any type and shape out of an IDX file, plain or compressed by gzip.

    Compression is recognised by the first bytes of the file, not by its name. Memory is taken as
    bytes arrive, and never for more of them than the header declares.

    **Arguments:** `path`: of the file; `limit`: bytes that the array may take.

    **Returns:** the array, with the type and the shape that the header declares.

    **Raises:** `InvalidInput` if there is no such file, or if it is damaged, incomplete, too large
    or of another format.
    """
    limit = positive_integer("limit", limit, sys.maxsize)
    path = checks.path("path", path)
    if not os.path.isfile(path):
        raise InvalidInput(f"{path} is not a file; give the path of an IDX file")
    try:
        with open(path, "rb") as file:
            compressed = file.read(len(_GZIP_STARTS_WITH)) == _GZIP_STARTS_WITH
            file.seek(0)
            return _read(path, gzip.GzipFile(fileobj=file) if compressed else file, limit)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InvalidInput(
            f"{path} is damaged or incomplete: it is no valid gzip file ({error}); get it anew"
        ) from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); check the file") from None


def _read(path: Path | str, stream: BufferedIOBase, limit: int) -> Shaped[np.ndarray, "..."]:
    dtype, shape = _header(path, stream)
    declared = f"{dtype.newbyteorder('=')} of shape {shape}"
    # As if no size were zero: numpy refuses a vast shape even where it holds no number.
    if math.prod(max(size, 1) for size in shape) * dtype.itemsize > limit:
        raise InvalidInput(
            f"the header of {path} declares {declared}, more than the limit of {limit} bytes; "
            "get the file anew, or raise the limit if it is meant to be so large"
        )
    size = math.prod(shape) * dtype.itemsize
    content = _at_most(stream, size + 1)  # one more, to notice what should not be there
    if len(content) != size:
        found = f"only {len(content)}" if len(content) < size else "more"
        raise InvalidInput(
            f"the header of {path} declares {declared}, which takes {size} bytes, but {found} "
            "follow; the file is damaged, get it anew"
        )
    array = np.ndarray(shape, dtype, buffer=content)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _header(path: Path | str, stream: BufferedIOBase) -> tuple[np.dtype, tuple[int, ...]]:
    magic = _at_most(stream, 4)
    if not magic:
        raise InvalidInput(f"{path} is empty; get it anew")
    if magic[:2] != bytes(len(magic[:2])):
        raise InvalidInput(
            f"{path} is no IDX file: it starts with the bytes {magic.hex(' ')}, not with 00 00; "
            "give an IDX file, plain or compressed by gzip"
        )
    if len(magic) < 4:
        raise InvalidInput(f"{path} ends within its header, after {len(magic)} bytes; get it anew")
    code, dimensions = magic[2:]
    if code not in TYPES:
        known = ", ".join(f"{each:02x}" for each in TYPES)
        raise InvalidInput(
            f"{path} has numbers of the unknown type {code:02x}; those of IDX are {known}; "
            "get it anew"
        )
    if dimensions > MOST_DIMENSIONS:
        raise InvalidInput(
            f"{path} declares {dimensions} dimensions; at most {MOST_DIMENSIONS} can be read"
        )
    sizes = _at_most(stream, 4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise InvalidInput(
            f"{path} ends within its header, after {4 + len(sizes)} of {4 + 4 * dimensions} bytes; "
            "get it anew"
        )
    return np.dtype(TYPES[code]), struct.unpack(f">{dimensions}I", sizes)


def _at_most(stream: BufferedIOBase, size: int) -> bytearray:
    """The next bytes; fewer than `size` where the stream ends."""
    content = bytearray()
    while part := stream.read(min(size - len(content), _READ_AT_ONCE)):
        content += part
    return content
