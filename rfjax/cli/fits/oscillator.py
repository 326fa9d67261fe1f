"""`rfjax fit FILE --model oscillator`."""

from typing import TYPE_CHECKING

from rfjax.cli.fits.chosen import Chosen, Fitted, Named

if TYPE_CHECKING:
    from rfjax.data import Table

TAKEN = ("current", "frequency", "power", "linewidth", "threshold", "damping")


def fits(table: "Table", chosen: Chosen) -> Fitted:
    """An oscillator out of frequency, power and linewidth against the current."""
    from rfjax.checks import InvalidInput
    from rfjax.fitting import current_sweep_of, fit_oscillator

    powers = chosen["power"] or [None]
    if len(powers) > 1:
        raise InvalidInput(f"--power is given {len(powers)} times; name the column of the power")
    measured = current_sweep_of(
        table,
        current=chosen["current"],
        frequency=chosen["frequency"],
        power=powers[0],
        linewidth=chosen["linewidth"],
    )
    found = fit_oscillator(
        *measured, threshold_current=chosen["threshold"], damping=chosen["damping"]
    )
    return Fitted([Named("oscillator", found)])
