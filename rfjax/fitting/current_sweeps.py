"""From a table that was measured to the curves of an oscillator under a current."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from rfjax.checks import InvalidInput, instance_of
from rfjax.data import Table
from rfjax.fitting.columns import check_powers, chosen, only, plausible


class CurrentCurves(NamedTuple):
    """Curves against the current, as `fit_oscillator` takes them.

    **Arguments:** `currents` (n,) in A; `frequencies` in Hz, `powers` in W and `linewidths` in Hz,
    (n,), NaN where one is missing, None where none was measured.
    """

    currents: Float[np.ndarray, " n"]
    frequencies: Float[np.ndarray, " n"]
    powers: Float[np.ndarray, " n"] | None
    linewidths: Float[np.ndarray, " n"] | None


def current_sweep_of(
    table: Table,
    *,
    current: str | None = None,
    frequency: str | None = None,
    power: str | None = None,
    linewidth: str | None = None,
) -> CurrentCurves:
    """The curves of an oscillator under a current, out of the columns of a table.

    Columns of current, frequency and power are chosen by their unit where only one has it; that of
    the linewidth, a frequency too, where it is called FWHM or has "width" in its name.

    **Arguments:** `table`, of `rfjax.data.read_table`; the columns of `current`, `frequency`,
    `power` and `linewidth`.

    **Returns:** the curves; rows without a current are left out.

    **Raises:** `InvalidInput` where a column has to be named, or has another unit.
    """
    instance_of("table", table, Table, "a table of rfjax.data.read_table")
    name = chosen(table, current, "current")
    currents = plausible(table, name, table.column(name, "current"), "current")
    found = table.of_quantity("frequency")
    called = [name for name in found if "width" in name.lower() or "fwhm" in name.lower()]
    if linewidth is None and len(called) == 1 and frequency not in called:
        linewidth = called[0]
    wide = None if linewidth is None else table.names[table.index(linewidth)]
    tones = [name for name in found if name != wide]
    if frequency is None:
        otherwise = "name that of the linewidth" if found else ""
        frequency = tones[0] if len(tones) == 1 else only(table, "frequency", otherwise)
    if power is not None or table.of_quantity("power"):
        power = chosen(table, power, "power")
    rows = np.isfinite(currents)
    if not rows.any():
        raise InvalidInput(f"{table.source} has no row with a current")
    frequency = chosen(table, frequency, "frequency")
    tones = plausible(table, frequency, table.column(frequency, "frequency"), "frequency")
    columns = [tones[rows]] + [
        None if name is None else table.column(name, quantity)[rows]
        for name, quantity in ((power, "power"), (wide, "frequency"))
    ]
    if power is not None:
        emitted = table.column(power, "power")
        check_powers(table, power, emitted, emitted < 0)
    return CurrentCurves(currents[rows], *columns)  # pyright: ignore[reportArgumentType]
