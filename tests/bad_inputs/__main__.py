"""Bad values for the arguments of the public API, tried as users try them: without type checks.

Run as a program, since the checks of types that tests install would refuse most of them first.
`python -m tests.bad_inputs` prints a line for every fault that it finds, and at the end how many
values it tried.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import numpy as np

from rfjax.checks import InvalidInput
from tests.bad_inputs.case import Case
from tests.bad_inputs.devices import combs, devices, drives, rectifiers
from tests.bad_inputs.hardware import effects
from tests.bad_inputs.learning import divided, drawn, trained
from tests.bad_inputs.measurements import constrained, fits, tables
from tests.bad_inputs.networks import layers, networks, wired
from tests.bad_inputs.stacks import materials, stacks
from tests.bad_inputs.values import NUMBERS, POSSIBLE, REFUSED, UNLIKELY

LONGEST = 300  # letters of a message
BEYOND_32_BITS = 5_000_000_000

ROOMS = (
    *(combs, devices, rectifiers, drives, materials, stacks),
    *(wired, layers, networks, trained, divided, drawn, effects),
    *(tables, fits, constrained),
)


def outcome(function: Callable[[], Any]) -> Any:
    """What a call returns, or what it raises."""
    try:
        return function()
    except BaseException as error:
        return error


def fault(found: Any, *, refused: bool) -> str | None:
    """What is wrong with the outcome of a call, if anything is."""
    if isinstance(found, InvalidInput):
        message = str(found)
        if "\n" in message or len(message) > LONGEST:
            return f"a message of {len(message)} letters: {message[:400]!r}"
        return None
    if isinstance(found, BaseException):
        return f"{type(found).__name__}: {' '.join(str(found).split())[:160]}"
    if not all(np.isfinite(leaf).all() for leaf in numbers(found)):
        return "a result that is not finite"
    return "accepted" if refused else None


def difference(found: Any, expected: Any) -> str | None:
    """How the outcome for a whole number differs from that for the same number as a float."""
    if isinstance(expected, InvalidInput):
        return None if isinstance(found, InvalidInput) else "not refused, as the float is"
    pairs = zip(numbers(found), numbers(expected), strict=True)
    same = not isinstance(found, BaseException) and all(np.array_equal(*pair) for pair in pairs)
    return None if same else f"{found}, not {expected}"


def numbers(found: Any) -> list[np.ndarray]:
    leaves = jax.tree.leaves(eqx.filter(found, eqx.is_inexact_array_like))
    return [np.asarray(leaf) for leaf in leaves]


def shown(value: Any) -> str:
    return " ".join(f"{type(value).__name__} {value!r}".split())[:80]


def tried(each: Case) -> Iterator[tuple[str, str | None]]:
    """All that is tried on a callable, with what was wrong."""
    valid = {name: value for name, (_, value) in each.arguments.items()}

    def called(name: str, value: Any) -> Any:
        return outcome(lambda: each.function(**valid | {name: value}))

    for name, (kind, _) in each.arguments.items():
        bad = [(value, True) for value in REFUSED[kind]]
        counted = each.light and kind.rstrip("?") in NUMBERS
        if counted:
            bad += [(value, False) for value in POSSIBLE]
        bad += [(value, False) for value in UNLIKELY.get(kind, ())]
        for value, refused in bad:
            yield f"{each.name}({name}={shown(value)})", fault(called(name, value), refused=refused)
        if counted:
            expected = called(name, float(BEYOND_32_BITS))
            for kind_of in (int, np.array, np.uint64):
                value = kind_of(BEYOND_32_BITS)
                wrong = difference(called(name, value), expected)
                yield f"{each.name}({name}={shown(value)})", wrong


def main() -> int:
    only = sys.argv[1:]
    count, faults = 0, 0
    for room in ROOMS:
        if only and room.__name__ not in only:
            continue
        for each in room():
            started = time.monotonic()
            for name, wrong in tried(each):
                count += 1
                if wrong:
                    faults += 1
                    print(f"{name}: {wrong}", flush=True)
            print(f"# {each.name} {time.monotonic() - started:.1f}", file=sys.stderr, flush=True)
    print(f"{count} tried, {faults} faults")
    return faults > 0


if __name__ == "__main__":
    sys.exit(main())
