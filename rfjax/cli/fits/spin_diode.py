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
    import numpy as np

    from rfjax.checks import InvalidInput
    from rfjax.fitting import fit_spin_diode, spectra_of

    spectra = spectra_of(
        table,
        frequency=chosen["frequency"],
        voltages=chosen["voltage"],
        powers=chosen["power"],
    )
    weights = chosen["weight"] or [1.0] * len(spectra.powers)
    if len(weights) != len(spectra.powers):
        raise InvalidInput(
            f"--weight is given {len(weights)} times; give one for each of {len(spectra.powers)} "
            "powers, in rising order, 1/σ² of its noise"
        )
    found = fit_spin_diode(
        *spectra,
        nonlinear=not chosen["linear"],
        weights=np.array(weights),
        **chosen.given("resonators", "background", "branch", "loss", "drive"),
    )
    return Fitted([Named("spin-diode", found)])
