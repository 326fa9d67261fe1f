"""Effects of real chips."""

from collections.abc import Iterator

from rfjax import hardware
from tests.bad_inputs.case import Case, case


def tuned() -> Iterator[Case]:
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
