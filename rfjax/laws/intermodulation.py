"""What a nonlinear device makes of several tones: products at sums and differences of them."""

from typing import NamedTuple

import numpy as np

from rfjax.checks import InvalidInput, positive_integer

MOST_SAMPLES = 4096
_LONGEST = 100_000  # harmonics between tones among which a shorter lattice is looked for


class Products(NamedTuple):
    r"""The intermodulation products of commensurate tones, up to some order.

    A power of the amplitude multiplies exponentials and so adds whole numbers: it does not see
    frequencies, but only which sums of tones are the same. Few products spread over a long period
    are therefore moved together, each to a *place* of its own, with all such sums as they were;
    a short Fourier series over the places then does what a long one over the harmonics would.

    **Arguments:** `harmonics`: frequency of every product in units of the spacing; `places`: the
    whole number that stands for it in products; `tones`: which of the products are the tones;
    `samples` in one turn, which tell all places apart.
    """

    harmonics: tuple[int, ...]
    places: tuple[int, ...]
    tones: tuple[int, ...]
    samples: int


def products(harmonics: tuple[int, ...], order: int) -> Products:
    r"""The products $\sum_im_ik_i$ with $\sum_im_i=1$ and $\sum_i|m_i|$ up to an order.

    These are what an amplitude under its own power alone has. On the host.

    **Arguments:** `harmonics` $k_i$ of the tones in units of their spacing; `order`, odd.

    **Returns:** the products.

    **Raises:** `InvalidInput` for an even order, for tones too many harmonics apart, or for more
    products than can be computed with.
    """
    if positive_integer("order", order) % 2 == 0:
        raise InvalidInput(f"order is {order}; it must be odd")
    tones = np.asarray(harmonics, np.int64)
    if np.ptp(tones) > _LONGEST:
        raise InvalidInput(
            f"these tones lie {np.ptp(tones)} harmonics of their common spacing apart, more than "
            f"{_LONGEST}; round their frequencies to a wider spacing"
        )
    pairs = np.stack([tones, _places(tones, order)], axis=1)
    samples = _samples(int(np.ptp(pairs[:, 1])), order)
    if samples > MOST_SAMPLES:
        raise InvalidInput(
            f"{len(tones)} tones have products of order {order} that take more than "
            f"{MOST_SAMPLES} samples; lower the order or the number of tones"
        )
    differences = np.unique((pairs[:, None] - pairs[None]).reshape(-1, 2), axis=0)
    found = np.unique(pairs, axis=0)
    for _ in range(order // 2):
        found = np.unique((found[:, None] + differences).reshape(-1, 2), axis=0)
    number = {int(harmonic): index for index, harmonic in enumerate(found[:, 0])}
    return Products(
        tuple(found[:, 0].tolist()),
        tuple(found[:, 1].tolist()),
        tuple(number[int(tone)] for tone in tones),
        samples,
    )


def _samples(extent: int, order: int) -> int:
    r"""How many tell apart the products of tones that span an extent, and keep the tones clear.

    Products of order $m$ span $m$ times as much. Those that are left out fold back into the turn:
    for the next two orders to miss the tones, half of $m+1$ extents have to fit into it. Numbers
    without factors above five have fast Fourier transforms.
    """
    samples = max(order, (order + 5) // 2) * extent + 1
    while 30**20 % samples:
        samples += 1
    return samples


def _places(tones: np.ndarray, order: int) -> np.ndarray:
    r"""Whole numbers nearer together whose products coincide where those of the tones do.

    With $k=Ba+b$ and small $b$, products up to an order have $b$ in a window, and $a$ and $b$ can
    be told from $k$ as long as $B$ is not shorter than it: then $B$ may become that window.
    """
    while True:
        spacing = np.arange(1, np.ptp(tones) + 1)
        offset = (tones - tones[0])[:, None]
        coarse = np.round(offset / spacing).astype(np.int64)
        fine = offset - spacing * coarse
        window = order * np.ptp(fine, axis=0) + 1
        extent = np.ptp(coarse, axis=0) * window + np.ptp(fine, axis=0)
        extent = np.where(spacing >= window, extent, np.iinfo(np.int64).max)
        if not extent.size or extent.min() >= np.ptp(tones):
            return tones - (tones.max() + tones.min()) // 2
        best = extent.argmin()
        tones = window[best] * coarse[:, best] + fine[:, best]
