"""How does the integration of driven resonators grow with carrier frequency and tones?"""

from collections.abc import Iterator

from benchmarks.driven import forward_speed
from benchmarks.row import Row

LANES = 1024


def rows(quick: bool) -> Iterator[Row]:
    """The carrier a hundred times higher, and up to 64 tones; in float64."""
    spend = 0.3 if quick else 2.0
    slow, fast = (forward_speed(LANES, spend, 1, 4, at).seconds for at in (1.0, 100.0))
    case = f"{LANES} resonators at 20 GHz, detunings and linewidths in Hz as at 200 MHz"
    yield Row(case, "forward", fast, slow, "s", "at 200 MHz")
    base = forward_speed(LANES, spend, 1, 1).seconds
    for tones in (4, 16, 64):
        many = forward_speed(LANES, spend, 1, tones).seconds
        yield Row(f"{LANES} resonators, {tones} tones", "forward", many, base, "s", "1 tone")
