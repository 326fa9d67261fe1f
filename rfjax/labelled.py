"""Results as labelled arrays and tables, with their units as attributes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    import xarray

Variable = tuple[tuple[str, ...], Any, str]  # names of the axes, values, unit


def dataset(
    variables: Mapping[str, Variable], coordinates: Mapping[str, Variable], **attributes: Any
) -> "xarray.Dataset":
    """Arrays with named axes, as xarray has them.

    **Arguments:** `variables` and `coordinates` by name: the names of their axes, their values and
    their unit, empty where they have none to name; `attributes` of the whole.

    **Returns:** the data set; every variable with a unit has it in `attrs["units"]`.
    """
    import xarray  # takes half a second

    def labelled(given):
        return {
            name: (axes, np.asarray(values), {"units": unit} if unit else {})
            for name, (axes, values, unit) in given.items()
        }

    return xarray.Dataset(labelled(variables), labelled(coordinates), attributes)


def dataframe(data: "xarray.Dataset") -> "pandas.DataFrame":
    """A data set as a table: one row for every place, coordinates and axes as columns.

    **Arguments:** `data`, see `dataset`.

    **Returns:** the table; `attrs["units"]` has the unit of every column that has one, by its name.
    """
    table = data.to_dataframe().reset_index()
    units = {name: data[name].attrs["units"] for name in table if "units" in data[name].attrs}
    table.attrs.update(data.attrs, units=units)
    return table


def lanes(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the axes of lanes: `lane`, or `lane_0`, `lane_1` … where there are more."""
    if len(shape) == 1:
        return ("lane",)
    return tuple(f"lane_{axis}" for axis in range(len(shape)))
