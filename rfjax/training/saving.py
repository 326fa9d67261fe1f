"""Models as files, read in another process with the same bits.

A file holds every array of a model and a description of what holds them: classes by their public
names, fields by theirs. Reading one imports modules of rfjax and Equinox only, and runs no code of
a file.
"""

import dataclasses
import importlib
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rfjax import checks
from rfjax.checks import InvalidInput, instance_of, shown
from rfjax.training import archive

_FORMAT = 1
_CLASSES = ("rfjax", "equinox")  # the packages whose classes a file may name
_FUNCTIONS = ("jax.nn", "jax.numpy")  # the modules whose functions it may name
# The same with all within them: what these rooms do is to compute.
_ROOMS = ("rfjax.devices", "rfjax.laws", "rfjax.lines", "rfjax.macrospin")


def save(path: Path | str, model: Any) -> Path:
    """Write a model, trained or not, to a file that `load` reads.

    The fast evaluation is written as it is, so that what is read gives the same bits.

    **Arguments:**

    - `path` of the file, usually with the suffix .rfjax; one that is there is replaced if it is
      such a file itself.
    - `model`: a network, an ensemble of them from `fit`, a layer or a device: any module of rfjax
      or Equinox made of such modules, arrays and plain values.

    **Returns:** the path.

    **Raises:** `InvalidInput` if a part of the model cannot be written, or if something else
    stands at the path; `OSError` if the file cannot be written.
    """
    from rfjax import __version__

    path = _path(path)
    if path.exists() and not archive.is_archive(path):
        raise InvalidInput(f"{path} is there and no file of rfjax; give another path")
    writer = _Writer()
    described = writer.described(model, "model")
    content = {"kind": "model", "format": _FORMAT, "version": __version__, "model": described}
    path.parent.mkdir(parents=True, exist_ok=True)
    archive.write(path, content, writer.arrays)
    return path


def load(path: Path | str) -> Any:
    """Read a model that `save` wrote.

    **Arguments:** `path` of the file.

    **Returns:** the model, with the same arrays, bit for bit, and the same settings.

    **Raises:** `InvalidInput` if there is no such file, if it is damaged, of another kind or of
    another version, or if it holds float64 where JAX computes in float32.
    """
    from rfjax import __version__

    path = _path(path)
    try:
        content, arrays = archive.read(path)
    except archive.Unreadable as error:
        raise InvalidInput(f"{error}; give a file written by rfjax.save") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror})") from None
    if content.get("kind") != "model":
        kind = content.get("kind")
        raise InvalidInput(f"{path} holds a {kind}, not a model; give a file written by rfjax.save")
    try:
        if content["format"] != _FORMAT:
            raise ValueError(f"its format is {content['format']}, not {_FORMAT}")
        return _Reader(path, arrays).built(content["model"])
    except InvalidInput:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise InvalidInput(
            f"{path} was written by rfjax {content.get('version')} and does not fit rfjax "
            f"{__version__} ({error}); load it with the version that wrote it"
        ) from None


class _Writer:
    """Describes a model as JSON, and collects its arrays."""

    def __init__(self):
        self.arrays: list[np.ndarray] = []
        self._numbers: dict[int, int] = {}
        self._held: list[Any] = []  # so that no identity is given to another object meanwhile

    def described(self, value: Any, where: str) -> Any:
        if value is None or type(value) in (bool, str, int, float):
            return _plain(value)
        if isinstance(value, jax.Array):
            return self._jax_array(value)
        if isinstance(value, np.ndarray | np.generic):
            masked = np.ma.isMaskedArray(value)
            if masked or value.dtype.kind in "OUSMm" or value.dtype.names:
                what = "a masked array" if masked else f"an array of type {value.dtype}"
                raise InvalidInput(f"{where} is {what}; arrays of plain numbers can be saved")
            kind = "numpy" if isinstance(value, np.ndarray) else "scalar"
            return {kind: self._number(value, value)}
        if type(value) in (tuple, list):
            items = [self.described(v, f"{where}[{i}]") for i, v in enumerate(value)]
            return {type(value).__name__: items}
        if type(value) is dict and all(isinstance(key, str) for key in value):
            return {"dict": {k: self.described(v, f"{where}[{k!r}]") for k, v in value.items()}}
        if _is_record(type(value)):
            fields = {
                name: self.described(getattr(value, name), f"{where}.{name}")
                for name in _field_names(type(value))
            }
            return {"class": _class_name(type(value), where), "fields": fields}
        if callable(value):
            return {"function": _function_name(value, where)}
        raise InvalidInput(
            f"{where} is {shown(value)}, which no file can hold; "
            "models of modules, arrays and plain values can be saved"
        )

    def _jax_array(self, value: jax.Array) -> Any:
        if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            data = np.asarray(jax.random.key_data(value))
            return {"key": self._number(value, data), "kind": str(jax.random.key_impl(value))}
        weak = {"weak": True} if value.weak_type else {}
        return {"array": self._number(value, value)} | weak

    def _number(self, value: Any, data: Any) -> int:
        """Where an array stands in the file: once, however often the model holds it."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self.arrays)
            self._held.append(value)
            self.arrays.append(np.asarray(data))
        return self._numbers[id(value)]


class _Reader:
    """Builds a model from its description and its arrays."""

    def __init__(self, path: Path, arrays: list[np.ndarray]):
        self._path = path
        self._arrays = arrays
        self._on_device: dict[int, jax.Array] = {}

    def built(self, described: Any) -> Any:
        if not isinstance(described, Mapping):
            return described
        (kind, value), *_ = described.items()
        match kind:
            case "float":
                return float(value)
            case "array":
                return self._array(value, described.get("weak", False))
            case "numpy":
                return self._arrays[value]
            case "scalar":
                return self._arrays[value][()]
            case "key":
                return jax.random.wrap_key_data(self._array(value), impl=described["kind"])
            case "tuple":
                return tuple(map(self.built, value))
            case "list":
                return list(map(self.built, value))
            case "dict":
                return {name: self.built(each) for name, each in value.items()}
            case "class":
                return _made(value, {k: self.built(v) for k, v in described["fields"].items()})
            case "function":
                return _function(value)
        raise ValueError(f"no part of a model is called {kind}")

    def _array(self, number: int, weak: bool = False) -> jax.Array:
        if number not in self._on_device:
            array = self._arrays[number]
            if jax.dtypes.canonicalize_dtype(array.dtype) != array.dtype:
                raise InvalidInput(
                    f"{self._path} holds {array.dtype}, which JAX would round; "
                    'call jax.config.update("jax_enable_x64", True) first'
                )
            if weak:  # as arrays are that were made of Python's numbers alone
                zeros = jnp.full(array.shape, array.dtype.type(0).item())
                self._on_device[number] = zeros.at[...].set(array)
            else:
                self._on_device[number] = jnp.asarray(array)
        return self._on_device[number]


def _path(path: Any) -> Path:
    instance_of("path", path, (str, os.PathLike), "the path of a file")
    return checks.path("path", os.fspath(path))


def _plain(value: Any) -> Any:
    """A plain value as JSON; infinities and NaN are no JSON numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return value


def _is_record(kind: type) -> bool:
    """Whether a class is made of named fields alone: a module, a dataclass or a named tuple."""
    named_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return named_tuple or dataclasses.is_dataclass(kind)


def _field_names(kind: Any) -> list[str]:
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return list(kind._fields)


def _class_name(kind: type, where: str) -> str:
    """The name of a class in the outermost package that offers it, where it stays if files move."""
    parts = kind.__module__.split(".")
    for depth in range(1, len(parts) + 1):
        name = f"{'.'.join(parts[:depth])}:{kind.__qualname__}"
        try:
            if _class(name) is kind:
                return name
        except (ValueError, AttributeError, ImportError):
            continue
    raise InvalidInput(
        f"{where} is of the class {kind.__qualname__} of {kind.__module__}, which load would "
        f"not import; only classes of {' and '.join(_CLASSES)} can be saved"
    )


def _class(name: str) -> Any:
    module, _, qualified = name.partition(":")
    if not _is_ours(module):
        raise ValueError(f"{name} is of another package")
    found: Any = importlib.import_module(module)
    for part in qualified.split("."):
        found = getattr(found, part)
    # What a module imports from elsewhere is not its own, and may do anything when called.
    if not (isinstance(found, type) and _is_ours(found.__module__) and _is_record(found)):
        raise ValueError(f"{name} is no class of fields")
    return found


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in _CLASSES


def _made(name: str, fields: dict[str, Any]) -> Any:
    """An object with these fields, as its class made it; nothing of the class is called."""
    kind = _class(name)
    known = _field_names(kind)
    if unknown := [field for field in fields if field not in known]:
        raise ValueError(f"{name} has no field {unknown[0]}")
    if missing := [field for field in known if field not in fields]:
        raise ValueError(f"{name} has a field {missing[0]}")
    if issubclass(kind, tuple):
        return tuple.__new__(kind, [fields[field] for field in known])
    made = object.__new__(kind)
    for field, value in fields.items():
        object.__setattr__(made, field, value)
    return made


def _function_name(value: Callable[..., Any], where: str) -> str:
    name = getattr(value, "__name__", "")
    for module in _FUNCTIONS:
        if name and getattr(importlib.import_module(module), name, None) is value:
            return f"{module}:{name}"
    own = f"{getattr(value, '__module__', '')}:{getattr(value, '__qualname__', '')}"
    try:
        if _function(own) == value:
            return own
    except (ValueError, AttributeError, ImportError):
        pass
    raise InvalidInput(
        f"{where} is the function {name or shown(value)}, which load would not find; only "
        f"functions of {', '.join(_FUNCTIONS + _ROOMS)} can be saved. Where it computes a "
        "parameter, save rfjax.nn.resolved(model), which has the value"
    )


def _function(name: str) -> Any:
    module, _, qualified = name.partition(":")
    if module not in _FUNCTIONS and not _is_room(module):
        raise ValueError(f"{name} is of another module")
    found: Any = importlib.import_module(module)
    for part in qualified.split("."):
        if part.startswith("_"):
            raise ValueError(f"{name} is private")
        found = getattr(found, part)
    # What a module imports from elsewhere is not its own, and may do anything when called.
    if _is_room(module) and not _is_room(found.__module__):
        raise ValueError(f"{name} is of another module")
    return found


def _is_room(module: str) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in _ROOMS)
