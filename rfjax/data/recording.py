"""Recorded I/Q samples: as NumPy saves them, and as SigMF describes them."""

import io
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Shaped

from rfjax import checks
from rfjax.checks import InvalidInput, number, positive_integer, positive_number

LIMIT = 1 << 30  # bytes
_MAGIC = b"\x93NUMPY"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class Recording(NamedTuple):
    """Complex samples of what was received about a carrier.

    **Arguments:** `samples`: in-phase and quadrature part as real and imaginary part; integers of
    a file are in units of their full scale; `sample_rate`, Hz; `frequency` of the carrier, Hz, NaN
    where it is not known.
    """

    samples: Complex[np.ndarray, "*channels n"]
    sample_rate: float
    frequency: float


def read_npy(
    path: Path | str,
    sample_rate: float,
    *,
    frequency: float = float("nan"),
    limit: int = LIMIT,
) -> Recording:
    """I/Q samples out of a .npy file of NumPy: complex numbers, (n,) or (channels, n).

    Nothing is unpickled, and the file has to be as long as its header declares.

    **Arguments:** `path`; `sample_rate`, Hz; `frequency` of the carrier, Hz, if it is known;
    `limit`: bytes that the file may have.

    **Returns:** the recording.

    **Raises:** `InvalidInput` if there is no such file, if it is damaged, incomplete or too large,
    or for what are no finite complex numbers.
    """
    path, sample_rate = checks.path("path", path), positive_number("sample_rate", sample_rate)
    unknown = isinstance(frequency, float | np.floating) and np.isnan(frequency)
    frequency = frequency if unknown else number("frequency", frequency)
    content = read_bytes(path, limit, "a .npy file")
    if not content.startswith(_MAGIC):
        raise InvalidInput(f"{path} is no .npy file of NumPy; save complex numbers by numpy.save")
    samples = _array(path, content)
    if samples.dtype.kind != "c" or samples.ndim not in (1, 2):
        raise InvalidInput(
            f"{path} holds {samples.dtype} of shape {samples.shape}; give complex numbers, "
            "i + 1j*q, of shape (n,) or (channels, n)"
        )
    return Recording(finite_samples(path, samples), sample_rate, frequency)


def read_bytes(path: Path, limit: int, what: str) -> bytes:
    """The content of a file that is no longer than a limit; `what` it should be, in words.

    **Raises:** `InvalidInput` if there is no such file, if it is empty, too large or unreadable.
    """
    limit = positive_integer("limit", limit, 1 << 62)
    if not os.path.isfile(path):
        raise InvalidInput(f"{path} is not a file; give the path of {what}")
    try:
        if (size := os.path.getsize(path)) > limit:
            raise InvalidInput(f"{path} has {size} bytes, more than the limit of {limit}")
        with open(path, "rb") as file:
            content = file.read(limit + 1)  # not what was added since
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); check the file") from None
    if not content:
        raise InvalidInput(f"{path} is empty; give {what}")
    return content


def finite_samples(
    path: Path, samples: Shaped[np.ndarray, "*channels n"]
) -> Complex[np.ndarray, "*channels n"]:
    """Complex samples in the byte order of the machine, one or more, all of them finite.

    **Raises:** `InvalidInput` for others.
    """
    if not samples.size:
        raise InvalidInput(f"{path} holds no samples; give one or more")
    native = np.complex128 if samples.dtype.itemsize > 8 else np.complex64
    with np.errstate(over="ignore"):
        samples = samples.astype(native, copy=False)
    if not (good := np.isfinite(samples)).all():
        place = ", ".join(map(str, np.argwhere(~good)[0]))
        raise InvalidInput(f"sample {place} of {path} is not finite; cut it out of the recording")
    return samples


def _array(path: Path, content: bytes) -> Shaped[np.ndarray, "..."]:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        shape, backwards, dtype = _HEADERS[version](stream)
    except KeyError:
        raise InvalidInput(f"{path} is a .npy of another version; save it anew") from None
    except Exception as error:  # what is damaged in a header ends in errors of any kind
        said = " ".join(str(error).split())[:80] or type(error).__name__
        raise InvalidInput(f"{path} is damaged: it is no valid .npy ({said})") from None
    if dtype.hasobject:
        raise InvalidInput(
            f"{path} holds pickled objects, which may run anything; save plain complex numbers"
        )
    found = content[stream.tell() :]
    wanted = dtype.itemsize
    for size in shape:  # in whole numbers of any size
        wanted *= int(size)
    no_sizes = any(isinstance(size, bool) or size < 0 for size in shape)
    if no_sizes or wanted != len(found) or not dtype.itemsize:
        raise InvalidInput(
            f"the header of {path} declares {dtype} of shape {checks.shown(shape)}, and "
            f"{len(found)} bytes follow; the file is damaged, or was not saved to its end"
        )
    return np.ndarray(shape, dtype, found, order="F" if backwards else "C")
