"""`rfjax fit FILE --model spin-diode`."""

from typing import TYPE_CHECKING

from rfjax.cli.fits.chosen import Chosen, Fitted, Named

if TYPE_CHECKING:
    from rfjax.data import Table

TAKEN = (
    "frequency",
    "voltage",
    "power",
    "weight",
    "resonators",
    "linear",
    "background",
    "branch",
    "loss",
    "drive",
)


def fits(table: "Table", chosen: Chosen) -> Fitted:
    """Resonators in series out of their rectified voltages."""
    from rfjax.checks import InvalidInput
    from rfjax.fitting import fit_spin_diode, spectra_of

    spectra = spectra_of(
        table,
        frequency=chosen["frequency"],
        voltages=chosen["voltage"],
        powers=chosen["power"],
    )
    weights = chosen["weight"] or [1.0]
    if len(weights) not in (1, len(spectra.powers)):
        raise InvalidInput(
            f"--weight is given {len(weights)} times; give one for each of {len(spectra.powers)} "
            "powers, in rising order"
        )
    found = fit_spin_diode(
        *spectra,
        nonlinear=not chosen["linear"],
        weights=_array(weights),
        **chosen.given("resonators", "background", "branch", "loss", "drive"),
    )
    return Fitted([Named("spin-diode", found)])


def _array(weights):
    import numpy as np

    return np.array(weights) if len(weights) > 1 else float(weights[0])
