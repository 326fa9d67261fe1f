"""Tables of numbers out of files of other people, in SI units."""

from rfjax.data.tables.reading import read_table
from rfjax.data.tables.table import Table
from rfjax.data.tables.units import Unit, quantity_of, unit

__all__ = ["Table", "Unit", "quantity_of", "read_table", "unit"]
