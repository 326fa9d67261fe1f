"""How time and memory are measured."""

import concurrent.futures
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import jax

T = TypeVar("T")

FEWEST, MOST = 3, 200


def median_seconds(call: Callable[[], Any], spend: float) -> float:
    """The median time of a call, after one that is not counted.

    **Arguments:** `call`: returns what it computed, which is waited for; `spend`: about how many
    seconds to repeat it for.

    **Returns:** seconds, over `FEWEST` to `MOST` repetitions.
    """
    return medians([call], spend)[0]


def medians(calls: Sequence[Callable[[], Any]], spend: float) -> list[float]:
    """The median times of calls that take turns: what else the machine does meets all alike.

    In each turn the first of two calls is not counted: it finds the caches full of others' data.

    **Arguments:** `calls` as for `median_seconds`; `spend`: about how many seconds for each.

    **Returns:** seconds, for each.
    """
    for call in calls:
        _seconds(call)  # the first call compiles
    longest = max(_seconds(call) for call in calls)
    repetitions = min(MOST, max(FEWEST, int(spend / longest / 2)))
    rounds = [[(_seconds(call), _seconds(call))[1] for call in calls] for _ in range(repetitions)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def compiled(function: Callable[..., Any], *arguments: Any) -> tuple[float, Callable[..., Any]]:
    """Compile a function ahead of its first call.

    **Returns:** (seconds of tracing and compilation, the compiled function).
    """
    start = time.perf_counter()
    program = jax.jit(function).lower(*arguments).compile()
    return time.perf_counter() - start, program


def in_fresh_process(function: Callable[..., T], *arguments: Any) -> T:
    """What a function of a module returns in a new interpreter: nothing compiled, nothing kept."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


def peak_mebibytes() -> float:
    """The most memory that this process has held at any time, libraries included.

    Linux says it for the program itself; `ru_maxrss` may be that of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (2**20 if sys.platform == "darwin" else 2**10)


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start
