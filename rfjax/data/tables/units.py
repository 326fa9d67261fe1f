"""Units as files write them, and what they are in SI: dBm and mW, Oe and mT, GHz."""

import dataclasses
import difflib
import re

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, instance_of, shown
from rfjax.laws.llgs import VACUUM_PERMEABILITY

_OERSTED = 1e-4 / VACUUM_PERMEABILITY  # A/m
_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}
# The quantity, its SI unit, and the prefixes of the symbols that files have for it. A flux density
# names the field that has it in vacuum.
_SYMBOLS = {
    "Hz": ("frequency", "Hz", 1.0, "f p n u m k M G T"),
    "W": ("power", "W", 1.0, "f p n u m k M"),
    "V": ("voltage", "V", 1.0, "f p n u m k"),
    "A": ("current", "A", 1.0, "f p n u m k"),
    "s": ("time", "s", 1.0, "f p n u m"),
    "Ohm": ("resistance", "Ω", 1.0, "m k M G"),
    "K": ("temperature", "K", 1.0, "m"),
    "A/m": ("magnetic field", "A/m", 1.0, "m k M"),
    "Oe": ("magnetic field", "A/m", _OERSTED, "m k"),
    "G": ("magnetic field", "A/m", _OERSTED, "m k"),
    "T": ("magnetic field", "A/m", 1e4 * _OERSTED, "n u m"),
    "rad": ("angle", "rad", 1.0, "m"),
    "deg": ("angle", "rad", np.pi / 180, ""),
}
_DECIBELS = {"dBm": 1e-3, "dBW": 1.0}  # the watts of zero decibels
_WORDS = {
    "HZ": "Hz",
    "KHZ": "kHz",
    "KHz": "kHz",
    "MHZ": "MHz",
    "GHZ": "GHz",
    "DBM": "dBm",
    "dbm": "dBm",
    "hertz": "Hz",
    "watt": "W",
    "watts": "W",
    "volt": "V",
    "volts": "V",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
    "second": "s",
    "seconds": "s",
    "sec": "s",
    "ohm": "Ohm",
    "ohms": "Ohm",
    "kelvin": "K",
    "oersted": "Oe",
    "gauss": "G",
    "tesla": "T",
    "radian": "rad",
    "radians": "rad",
    "degree": "deg",
    "degrees": "deg",
}
_COMMON = (
    "Hz",
    "kHz",
    "MHz",
    "GHz",
    "W",
    "mW",
    "uW",
    "dBm",
    "V",
    "mV",
    "uV",
    "A",
    "mA",
    "Oe",
    "kOe",
    "G",
    "mT",
    "T",
    "A/m",
    "s",
    "K",
    "Ohm",
)
_SPELLINGS = str.maketrans({"µ": "u", "μ": "u", "\u03a9": "Ohm", "\u2126": "Ohm", "°": "deg"})
_HELD = re.compile(r"^(?P<name>.*?)\s*(?:\((?P<a>[^()]*)\)|\[(?P<b>[^\[\]]*)\])\s*$")
_OVER = re.compile(r"^(?P<name>.+?)(?:\s+/\s*|\s*/\s+|/)(?P<unit>[^/\s]+(?:/m)?)$")
# A number at the end, as of `U at 5 mW`, is not what the unit behind it counts.
_NUMBER = re.compile(r"(?:^|[\s_,@=])[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?$")
# Functions and powers of a quantity are not in its unit.
_FUNCTION = re.compile(r"^(?:log(?:_?\d+)?|lg|ln|exp|sqrt)\b|(?:[²³]|(?:\^|\*\*)-?\d+)$", re.I)
_LAST = re.compile(r"^(?P<name>.+?)[\s,_]+(?P<marked>in\s+)?(?P<unit>[^\s,_]+)$")


@dataclasses.dataclass(frozen=True)
class Unit:
    """What numbers of a file are counted in.

    **Arguments:** `symbol`, as rfjax writes it; `quantity`: what it measures, in words; `si`: the
    unit of SI for that; `size` of one in SI; `decibels`: whether numbers are ten times the decadic
    logarithm of multiples of that size.
    """

    symbol: str
    quantity: str
    si: str
    size: float
    decibels: bool = False

    def to_si(self, values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """Numbers in this unit as numbers in SI.

        **Arguments:** `values` in this unit.

        **Returns:** in `si`; infinite where decibels leave the range of numbers.
        """
        values = np.asarray(values, np.float64)
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(self.size * (10 ** (values / 10) if self.decibels else values))


def unit(symbol: str) -> Unit:
    r"""The unit that a symbol stands for, as `GHz`, `dBm`, `uV`, `Oe`, `mT` or `kA/m`.

    Capitals count, as prefixes do: mW is no MW. Fields may be given in Oe, G, T or A/m; T and G are
    taken as the flux density in vacuum, $B=\mu_0H$.

    **Arguments:** `symbol`.

    **Returns:** the unit.

    **Raises:** `InvalidInput` for a symbol that is not known.
    """
    found = known_unit(instance_of("unit", symbol, str, "a word, as 'GHz'"))
    if found is None:
        near = " or ".join(difflib.get_close_matches(symbol, _COMMON, 3, 0.5))
        meant = f"did you mean {near}?" if near else f"give one as {', '.join(_COMMON)}"
        raise InvalidInput(f"unit is {shown(symbol)}, which is not known; {meant}")
    return found


def known_unit(symbol: str) -> Unit | None:
    """The unit that a symbol stands for, None if it stands for none; see `unit`."""
    written = symbol.strip().translate(_SPELLINGS)
    written = _WORDS.get(written, _WORDS.get(written.lower(), written))
    if written in _DECIBELS:
        return Unit(written, "power", "W", _DECIBELS[written], decibels=True)
    for base, (quantity, si, size, prefixes) in _SYMBOLS.items():
        prefix = written.removesuffix(base)
        if written.endswith(base) and prefix in {"", *prefixes.split()}:
            shown = written.replace("u", "µ", 1) if prefix == "u" else written
            return Unit(shown.replace("Ohm", "Ω"), quantity, si, size * _PREFIXES[prefix])
    return None


def named_with_unit(header: str) -> tuple[str, Unit | None]:
    """The name and the unit of a column, out of its header.

    A unit stands in brackets, behind a stroke, or is the last word and has two letters or more:
    `Field(G)`, `V [mV]`, `f / GHz`, `Power dBm`, `freq_MHz`. The last word `A` is no unit, it may
    count. Nor is that of `2 uW` or `U at 5 mW`, a number with its unit: it tells what the column
    was taken at. What is a function or a ratio of units, as `log(W)` or `V/Hz`, or has two of them,
    has none that is known.

    **Arguments:** `header` of the column.

    **Returns:** its name, and the unit; the whole header and None where it has no unit that is
    known.
    """
    header = " ".join(header.split())
    name, found = _parted(header)
    if found is None or _FUNCTION.search(name):
        return header, None
    other = _parted(name)[1]
    if other is None and _OVER.match(header) and not _HELD.match(header):  # V/Hz, no V in Hz
        other = known_unit(name)
        other = None if other and other.quantity == found.quantity else other
    return (header, None) if other and other != found else (name or found.symbol, found)


def _parted(header: str) -> tuple[str, Unit | None]:
    """What stands before the unit at the end of a header, and the unit."""
    if held := _HELD.match(header):
        found = known_unit(held["a"] or held["b"] or "")
        if found:
            return held["name"].strip(), found
    if over := _OVER.match(header):
        found = known_unit(over["unit"])
        if found:
            return over["name"].strip(), found
    if last := _LAST.match(header):
        found = known_unit(last["unit"])
        counted = _NUMBER.search(last["name"]) and not last["marked"]
        if found and not counted and (last["marked"] or len(last["unit"]) > 1):
            return last["name"].strip(), found
    return header, None


def quantity_of(text: str) -> tuple[float, Unit]:
    """A number with its unit, as `10 µW` or `-3 dBm`.

    **Returns:** the number in SI, and the unit.

    **Raises:** `InvalidInput` for what is no number with a unit.
    """
    found = re.match(r"^\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(\S+)\s*$", str(text))
    try:
        value = float(found[1]) if found else None
    except ValueError:
        value = None
    if found is None or value is None:
        raise InvalidInput(f"{text!r} is no number with a unit; give one as '10 uW' or '-3 dBm'")
    given = unit(found[2])
    return float(given.to_si(np.asarray(value))), given
