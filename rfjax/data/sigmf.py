"""SigMF: samples in one file, what they are in another, as JSON."""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex

from rfjax import checks
from rfjax.checks import InvalidInput, non_negative_integer, shown
from rfjax.data.recording import LIMIT, Recording, finite_samples, read_bytes

META, DATA = ".sigmf-meta", ".sigmf-data"
_MOST_META = 1 << 24  # bytes
_MOST = 1 << 53  # of what is counted: whole numbers that JSON keeps
_DATATYPE = re.compile(r"c(?:(f32|f64|i16|u16|i32|u32)_(le|be)|(i8|u8))")


def read_sigmf(path: Path | str, *, capture: int | None = None, limit: int = LIMIT) -> Recording:
    """I/Q samples of a recording in the Signal Metadata Format, SigMF 1.x.

    Complex samples of every type: cf32, cf64, ci16, cu16, ci32, cu32 with `_le` or `_be`, ci8 and
    cu8. Integers are divided by their full scale, unsigned ones about its middle. Channels that are
    interleaved, header and trailing bytes and data sets of another name are taken into account; a
    checksum that is given has to be right. Real samples and archives are refused.

    **Arguments:** `path` of the .sigmf-meta or .sigmf-data file, or without ending; `capture`:
    which one, from zero; all together if none is given; `limit`: bytes that the samples may take.

    **Returns:** the recording; samples of shape (n,), or (channels, n) for several.

    **Raises:** `InvalidInput` if a file is missing, damaged or too large, if the two do not fit,
    or for captures of different frequencies of which none is chosen.
    """
    path = checks.path("path", path)
    if capture is not None:
        capture = non_negative_integer("capture", capture)
    if path.suffix == ".sigmf":
        raise InvalidInput(f"{path} is an archive; unpack it by tar, and give its {META} file")
    base = path.with_suffix("") if path.suffix in (META, DATA) else path
    meta = base.with_name(base.name + META)
    told = _Told(meta, _parsed(meta))
    about = told.part("global", dict)
    number_type, channels = _datatype(told, about), told.whole(about, "core:num_channels", 1)
    if not 0 < channels <= 1024:
        raise InvalidInput(f"core:num_channels of {meta} is {channels}; give 1 to 1024")
    if about.get("core:metadata_only") is True:
        raise InvalidInput(f"{meta} says that it has no samples; give a recording with samples")
    rate = told.real(about, "core:sample_rate")
    if not rate > 0:
        raise InvalidInput(
            f"core:sample_rate of {meta} is missing or not above zero; add it, in Hz"
        )
    content = read_bytes(_data(told, about, base), limit, f"the samples of {meta}")
    _check_sum(told, about, content)
    parts = told.part("captures", list)
    frequency, runs = _runs(told, about, parts, len(content), 2 * channels * number_type.itemsize)
    if capture is not None:
        if capture >= len(parts):
            raise InvalidInput(f"capture is {capture}; {meta} has {len(parts)}, counted from 0")
        frequency, runs = [frequency[capture]], [runs[capture]]
    if len({repr(each) for each in frequency}) > 1:
        raise InvalidInput(
            f"{meta} has captures of different frequencies, in Hz {frequency[:3]}; choose one with "
            "capture, counted from 0"
        )
    taken = b"".join(content[slice(*run)] for run in runs)
    samples = _complex(np.frombuffer(taken, number_type)).reshape(-1, channels).T
    samples = finite_samples(meta, samples[0] if channels == 1 else samples)
    return Recording(samples, rate, frequency[0] if frequency else float("nan"))


class _Told:
    """What a file of metadata says, with checks of types."""

    def __init__(self, path: Path, content: Any):
        self.path, self.content = path, content

    def part(self, name: str, kind: type) -> Any:
        found: Any = self.content.get(name) if isinstance(self.content, dict) else None
        if not isinstance(found, kind):
            raise InvalidInput(f"{self.path} has no {name!r} as SigMF has it; check the file")
        if kind is list and not all(isinstance(each, dict) for each in found):
            raise InvalidInput(f"{name!r} of {self.path} holds what is no object; check the file")
        return found

    def whole(self, about: Mapping[str, Any], name: str, default: int | None) -> int:
        """A whole number, zero or above."""
        found = about.get(name, default)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _MOST:
            raise InvalidInput(
                f"{name} of {self.path} is {shown(found)}; it must be a whole number, zero or above"
            )
        return found

    def real(self, about: Mapping[str, Any], name: str) -> float:
        """A finite number, or NaN where there is none."""
        found = about.get(name)
        if found is None:
            return float("nan")
        good = isinstance(found, int | float) and not isinstance(found, bool)
        if not good or not abs(found) < 1e250:
            raise InvalidInput(f"{name} of {self.path} is {shown(found)}; it must be a number")
        return float(found)

    def text(self, about: Mapping[str, Any], name: str) -> str | None:
        found = about.get(name)
        if found is not None and not isinstance(found, str):
            raise InvalidInput(f"{name} of {self.path} is {shown(found)}; it must be a string")
        return found


def _parsed(meta: Path) -> Any:
    content = read_bytes(meta, _MOST_META, f"a {META} file")
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=partial(_object, meta))
    except InvalidInput:
        raise
    except (ValueError, RecursionError) as error:  # of JSON, of UTF-8 and of endless digits
        said = " ".join(str(error).split())[:80]
        raise InvalidInput(f"{meta} is no JSON ({said}); check the file") from None


def _object(meta: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, of which each key stands once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise InvalidInput(f"{meta} has {shown(twice)} twice in one object; leave one of them out")
    return found


def _datatype(told: _Told, about: Mapping[str, Any]) -> np.dtype:
    """The type of the real numbers that samples are made of."""
    name = told.text(about, "core:datatype") or ""
    found = _DATATYPE.fullmatch(name)
    if not found:
        why = "has real samples" if name.startswith("r") else "is not read"
        raise InvalidInput(
            f"core:datatype of {told.path} is {shown(name)}, which {why}; give complex samples, as "
            "cf32_le, ci16_le or cu8"
        )
    kind, order = found[1] or found[3], {"be": ">"}.get(found[2], "<")
    return np.dtype(f"{order}{kind[0]}{int(kind[1:]) // 8}")


def _data(told: _Told, about: Mapping[str, Any], base: Path) -> Path:
    name = told.text(about, "core:dataset")
    if name is None:
        return base.with_name(base.name + DATA)
    if not name or name != os.path.basename(name) or name in (".", "..") or "\0" in name:
        raise InvalidInput(
            f"core:dataset of {told.path} is {shown(name)}; it must be the name of a file beside it"
        )
    return base.with_name(name)


def _check_sum(told: _Told, about: Mapping[str, Any], content: bytes) -> None:
    given = told.text(about, "core:sha512")
    if given is not None and hashlib.sha512(content).hexdigest() != given.lower():
        raise InvalidInput(f"the samples of {told.path} have another checksum; get them anew")


def _runs(
    told: _Told, about: Mapping[str, Any], captures: list, size: int, each: int
) -> tuple[list[float], list[tuple[int, int]]]:
    """Frequency, and first and last byte, of every capture; of all samples where there is none.

    **Raises:** `InvalidInput` where captures are not in order, or do not fit into the file.
    """
    headers = [told.whole(one, "core:header_bytes", 0) for one in captures]
    starts = [told.whole(one, "core:sample_start", None) for one in captures]
    end = size - told.whole(about, "core:trailing_bytes", 0) - sum(headers)
    if end <= 0 or end % each:
        raise InvalidInput(
            f"{told.path} declares samples of {each} bytes, and {max(end, 0)} bytes; "
            "the recording is damaged, or of another type"
        )
    if starts != sorted(set(starts)) or (starts and starts[-1] * each >= end):
        raise InvalidInput(
            f"core:sample_start of the captures of {told.path} do not rise within its "
            f"{end // each} samples; check the file"
        )
    if not captures:
        return [], [(0, end)]
    before = list(accumulate(headers))
    ends = [*starts[1:], end // each]
    runs = [
        (start * each + skipped, stop * each + skipped)
        for start, stop, skipped in zip(starts, ends, before, strict=True)
    ]
    return [told.real(one, "core:frequency") for one in captures], runs


def _complex(numbers: np.ndarray) -> Complex[np.ndarray, " n"]:
    """Real and imaginary parts in turn as complex numbers, integers in units of full scale."""
    precise = np.float64 if numbers.dtype.itemsize > 4 or numbers.dtype.kind != "f" else np.float32
    parts = numbers.astype(precise)
    if numbers.dtype.kind in "iu":
        full = 2.0 ** (8 * numbers.dtype.itemsize - 1)
        parts = (parts - (full if numbers.dtype.kind == "u" else 0.0)) / full
        if numbers.dtype.itemsize <= 2:
            parts = parts.astype(np.float32)
    return parts.view(np.complex128 if parts.dtype == np.float64 else np.complex64)
