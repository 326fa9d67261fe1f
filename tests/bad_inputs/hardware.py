"""Effects of real chips."""

from collections.abc import Iterator

from rfjax import hardware
from rfjax.devices import Junction
from tests.bad_inputs.case import Case, case


def effects() -> Iterator[Case]:
    yield case(
        "Levels",
        hardware.Levels,
        levels=("count?", 4),
        largest=("positive", 0.5),
        noise=("non_negative", 0.01),
        rounding=("word", "nearest"),
    )
    yield case("Pruned", hardware.Pruned, fraction=("non_negative", 0.1))
    yield case("Dead", hardware.Dead, fraction=("non_negative", 0.1), kind=("word", "open"))
    yield case("Stuck", hardware.Stuck, fraction=("non_negative", 0.1), at=("finite", 0.5))
    yield case(
        "AmplifierError", hardware.AmplifierError, gain=("finite", 0.1), offset=("finite", 0.0)
    )
    yield case(
        "AmplifierSpread",
        hardware.AmplifierSpread,
        gain=("non_negative", 0.1),
        offset=("non_negative", 0.0),
    )
    yield case(
        "Saturation", hardware.Saturation, power=("positive", 1e-5), sharpness=("positive", 2.0)
    )
    yield case(
        "Retention",
        hardware.Retention,
        time=("non_negative", 1.0),
        exponent=("non_negative", 0.1),
        reference_time=("positive", 1.0),
    )
    yield case(
        "Endurance",
        hardware.Endurance,
        writes=("non_negative", 10.0),
        cycles=("positive", 1e6),
        shape=("positive", 2.0),
    )
    yield case(
        "Breakdown",
        hardware.Breakdown,
        resistance=("non_negative", 800.0),
        voltage=("positive", 1.0),
        shape=("positive", 2.0),
    )
    yield case(
        "FieldTuning",
        hardware.FieldTuning,
        lines=("object", hardware.FieldLines()),
        slope=("finite", -126e3),
        resistance=("non_negative", 50.0),
    )
    yield case(
        "BiasDependence",
        hardware.BiasDependence,
        junction=("object", Junction(8e-12, 1e-14, 1.0, half_voltage=0.4)),
        cosine=("finite", 0.3),
    )
