"""`rfjax fit FILE --model fmr`."""

from typing import TYPE_CHECKING

from rfjax.cli.fits.chosen import Chosen, Named

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


def fits(table: "Table", chosen: Chosen) -> list[Named]:
    """Lines of a swept field; of enough frequencies also Kittel's relation and the damping."""
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
    good = lines.converged
    tones, errors = sweeps.frequencies[good], lines.estimates.errors[good]
    known = chosen.given("g")
    if len(tones) > 3 + bool(chosen["anisotropy"]) - len(known):
        kittel = fit_kittel(
            tones,
            lines.resonance_field[good],
            errors=errors[:, 0],
            **chosen.given("geometry", "g", "anisotropy"),
        )
        named.append(Named("kittel", kittel))
        known = known or ({"g": float(kittel.estimates["g"])} if kittel.converged else {})
    if len(tones) > 2:
        widths = fit_damping(tones, lines.linewidth[good], errors=errors[:, 1], **known)
        named.append(Named("damping", widths))
    return named
