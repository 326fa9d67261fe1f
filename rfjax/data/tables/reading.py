"""One way to read a table of numbers, whatever the file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from rfjax import checks
from rfjax.checks import (
    InvalidInput,
    instance_of,
    non_negative_integer,
    one_of,
    positive_integer,
)
from rfjax.data.tables.arrays import read_hdf5, read_npy, read_npz
from rfjax.data.tables.labview import MAGIC, read_labview
from rfjax.data.tables.table import Table
from rfjax.data.tables.text import read_text
from rfjax.data.tables.touchstone import read_touchstone

LIMIT = 1 << 30  # bytes
_TOUCHSTONE = re.compile(r"\.s\d{1,2}p$", re.IGNORECASE)
_NPY, _NPZ, _HDF5 = b"\x93NUMPY", b"PK", b"\x89HDF\r\n\x1a\n"


def read_table(
    path: Path | str,
    *,
    units: Mapping[str, str] | None = None,
    skip: int = 0,
    decimal: str | None = None,
    group: str | None = None,
    limit: int = LIMIT,
) -> Table:
    """A table of numbers with units, out of a file that somebody saved.

    Text of any common dialect (separators, decimal comma, comment lines, units in headers),
    LabVIEW's .lvm, NumPy's .npy and .npz without pickled objects, HDF5 through h5py, Touchstone
    through scikit-rf. The content says which it is; only Touchstone is known by its name.

    **Arguments:**

    - `path` of the file.
    - `units`: symbols by the names of columns, where the file names none or another one is right.
    - `skip`: lines to leave out at the start of a text file.
    - `decimal`: the mark of decimals in a text file, `.` or `,`, where the file does not tell: a
      comma before three digits may part thousands. The other mark may then group thousands.
    - `group` of an HDF5 file.
    - `limit`: bytes that the file may have.

    **Returns:** the table: columns as they are in the file, `table.column(name, quantity)` in SI.

    **Raises:** `InvalidInput` if there is no such file, if it is damaged or has no table, or for
    units that are not known.
    """
    path = checks.path("path", path)
    skip = non_negative_integer("skip", skip)
    if decimal is not None:
        one_of("decimal", decimal, (".", ","))
    limit = positive_integer("limit", limit, 1 << 62)
    if not os.path.isfile(path):
        raise InvalidInput(f"{path} is not a file; give the path of a table")
    if (size := os.path.getsize(path)) > limit:
        raise InvalidInput(f"{path} has {size} bytes, more than the limit of {limit}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); check the file") from None
    table = _read(path, content, skip, decimal, group)
    if units is None:
        return table
    return table.with_units(instance_of("units", units, Mapping, "units by the names of columns"))


def _read(path: Path, content: bytes, skip: int, decimal: str | None, group: str | None) -> Table:
    source = path.name
    if not content.strip():
        raise InvalidInput(f"{source} is empty; give a table")
    if content.startswith(_HDF5):
        return read_hdf5(source, path, group)
    if group is not None:
        raise InvalidInput(f"{source} is no HDF5 file, and has no groups; leave out group")
    if content.startswith(_NPY):
        return read_npy(source, content)
    if content.startswith(_NPZ):
        return read_npz(source, content)
    if _TOUCHSTONE.search(source):
        return read_touchstone(source, path)
    if content.removeprefix(b"\xef\xbb\xbf").startswith(MAGIC):
        return read_labview(source, content)
    return read_text(source, content, skip, decimal)
