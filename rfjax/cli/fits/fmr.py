"""`rfjax fit FILE --model fmr`."""

from typing import TYPE_CHECKING

import numpy as np

from rfjax.cli.fits.chosen import Chosen, Fitted, Named

if TYPE_CHECKING:
    from rfjax.data import Table

TAKEN = (
    "field",
    "voltage",
    "frequency",
    "detection",
    "background",
    "loss",
    "geometry",
    "g",
    "anisotropy",
)


def fits(table: "Table", chosen: Chosen) -> Fitted:
    """Lines of a swept field; of enough frequencies also Kittel's relation and the damping."""
    from rfjax.checks import InvalidInput
    from rfjax.fitting import field_sweeps_of, fit_damping, fit_fmr_line, fit_kittel
    from rfjax.printing import quantity

    sweeps = field_sweeps_of(
        table, field=chosen["field"], signals=chosen["voltage"], frequency=chosen["frequency"]
    )
    lines = fit_fmr_line(*sweeps[1:], **chosen.given("detection", "background", "loss"))
    named = [
        Named(f"line at {quantity(float(tone), 'Hz')}", lines, (place,))
        for place, tone in enumerate(sweeps.frequencies)
    ]
    errors = lines.estimates.errors
    good = lines.converged & np.isfinite(errors[:, :2]).all(1)
    tones, errors, known = sweeps.frequencies[good], errors[good], chosen.given("g")
    failed = {}
    # What these make of the lines may be refused; the lines are results all the same.
    if len(good) > 3 + bool(chosen["anisotropy"]) - len(known):
        try:
            kittel = fit_kittel(
                tones,
                lines.resonance_field[good],
                errors=errors[:, 0],
                **chosen.given("geometry", "g", "anisotropy"),
            )
            named.append(Named("kittel", kittel))
            known = known or ({"g": float(kittel.estimates["g"])} if kittel.converged else {})
        except InvalidInput as error:
            failed["kittel"] = str(error)
    if len(good) > 2:
        try:
            widths = fit_damping(tones, lines.linewidth[good], errors=errors[:, 1], **known)
            named.append(Named("damping", widths))
        except InvalidInput as error:
            failed["damping"] = str(error)
    return Fitted(named, failed)
