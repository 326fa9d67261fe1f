"""Tables in arrays: NumPy's .npy and .npz, and HDF5."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from rfjax.checks import InvalidInput
from rfjax.data.tables.table import Table, table_of


def read_npy(source: str, content: bytes) -> Table:
    """The table in a .npy file: columns of an array, or fields of a structured one.

    **Arguments:** `source` in messages; `content` of the file.

    **Returns:** the table.

    **Raises:** `InvalidInput` for what is damaged, no table, or pickled.
    """
    array = _loaded(source, io.BytesIO(content))
    if array.dtype.names:
        return _from_columns(source, {name: array[name] for name in array.dtype.names})
    if array.ndim != 2:
        raise InvalidInput(
            f"{source} holds an array of shape {array.shape}; give one of shape (rows, columns)"
        )
    return _from_columns(source, {f"column {n}": column for n, column in enumerate(array.T, 1)})


def read_npz(source: str, content: bytes) -> Table:
    """The table in a .npz file: arrays of one length, each a column of that name.

    **Arguments, returns and raises:** as `read_npy`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            columns = {
                name.removesuffix(".npy"): _loaded(source, io.BytesIO(archive.read(name)))
                for name in archive.namelist()
            }
    except InvalidInput:
        raise
    except Exception as error:  # of zlib or zipfile, and what a damaged index makes of itself
        raise InvalidInput(f"{source} is damaged: it is no valid .npz ({_short(error)})") from None
    return _from_columns(source, columns)


def read_hdf5(source: str, path: Path, group: str | None) -> Table:
    """The table in an HDF5 file: the data sets of a group that have one length, each a column.

    Units are in the attribute `units` or `unit` of a data set, or in its name. A single data set
    of shape (rows, columns), or a compound one, is a table as it is.

    **Arguments:** `source` in messages; `path`; `group`: its path in the file, the root if None.

    **Returns:** the table.

    **Raises:** `InvalidInput` where h5py is not installed, or for a file that is damaged or has no
    table there.
    """
    try:
        import h5py
    except ImportError:
        raise InvalidInput(
            'HDF5 is read through h5py, which is not installed; run: pip install "rfjax[files]"'
        ) from None
    try:
        with h5py.File(path, "r") as file:
            return _from_group(source, file, group or "/")
    except InvalidInput:
        raise
    except Exception as error:  # h5py raises whatever a damaged file leads to
        raise InvalidInput(f"{source} is damaged: it is no valid HDF5 ({_short(error)})") from None


def _from_group(source, file, group: str) -> Table:
    import h5py

    if group not in file:
        raise InvalidInput(f"{source} has no group {group!r}; it has {', '.join(file) or 'none'}")
    found = file[group]
    sets = {}
    if isinstance(found, h5py.Dataset):
        sets = {group.rsplit("/", 1)[-1]: found}
    elif isinstance(found, h5py.Group):
        sets = {name: each for name, each in found.items() if isinstance(each, h5py.Dataset)}
    if not sets:
        groups = ", ".join(found) if isinstance(found, h5py.Group) else ""
        raise InvalidInput(
            f"group {group!r} of {source} has no data sets; name one of its groups with group"
            + (f": {groups}" if groups else "")
        )
    if len(sets) == 1:
        (name, only), *_ = sets.items()
        array = np.asarray(only[()])
        if array.dtype.names:
            return _from_columns(source, {name: array[name] for name in array.dtype.names})
        if array.ndim == 2:
            named = {f"column {n}": column for n, column in enumerate(array.T, 1)}
            return _from_columns(source, named)
    units = {name: _unit_of(each.attrs) for name, each in sets.items()}
    return _from_columns(source, {name: each[()] for name, each in sets.items()}, units)


def _unit_of(attributes) -> str:
    for name in ("units", "unit", "Units", "Unit"):
        if name in attributes:
            value = attributes[name]
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return ""


def _from_columns(
    source: str, columns: Mapping[str, Shaped[np.ndarray, "..."]], units: Mapping[str, str] = {}
) -> Table:
    columns = {name: np.asarray(each) for name, each in columns.items()}
    if not columns:
        raise InvalidInput(f"{source} has no arrays; give a table")
    shapes = {each.shape for each in columns.values()}
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        listed = ", ".join(f"{name} {each.shape}" for name, each in columns.items())
        raise InvalidInput(
            f"{source} has arrays of shapes {listed[:200]}; give columns of one length"
        )
    for name, each in columns.items():
        if each.dtype.kind not in "iuf":
            raise InvalidInput(f"{name} of {source} has type {each.dtype}; give real numbers")
    values = np.column_stack([each.astype(np.float64) for each in columns.values()])
    if not len(values):
        raise InvalidInput(f"{source} has no rows; give a table")
    return table_of(source, list(columns), values, [units.get(name, "") for name in columns])


def _loaded(source: str, stream: io.BytesIO) -> np.ndarray:
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # what is damaged in a header ends in errors of any kind
        if "pickle" in str(error).lower():
            raise InvalidInput(
                f"{source} holds pickled objects, which may run anything; save plain arrays"
            ) from None
        raise InvalidInput(f"{source} is damaged: it is no valid .npy ({_short(error)})") from None


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
