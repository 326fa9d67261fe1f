from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from rfjax import InvalidInput
from rfjax.laws.intermodulation import products

TONES = (-41, -21, 0, 21)  # 200, 204, 208.2 and 212.4 MHz: 2f₃ − f₂ falls on f₄


@pytest.mark.parametrize("tones", [TONES, (0, 7, 1000), (5,), (3, 3, 4), (0, 1, 2, 3, 10)])
@pytest.mark.parametrize("order", [1, 3, 5])
def test_products_coincide_in_their_places_where_they_do_in_frequency(tones, order):
    found = products(tones, order)
    place = dict(zip(found.harmonics, found.places, strict=True))
    assert len(set(found.places)) == len(found.places)
    assert len({each % found.samples for each in found.places}) == len(found.places)
    own = [found.places[index] for index in found.tones]
    assert [found.harmonics[index] for index in found.tones] == list(tones)
    reached = set()
    indices = range(len(tones))
    added = combinations_with_replacement(indices, order // 2 + 1)
    taken = list(combinations_with_replacement(indices, order // 2))
    for plus, minus in product(added, taken):
        harmonic, at = (sum(k[i] for i in plus) - sum(k[i] for i in minus) for k in (tones, own))
        assert place[harmonic] == at
        reached.add(harmonic)
    assert reached == set(found.harmonics)


def test_places_are_far_fewer_than_harmonics():
    found = products(TONES, 5)
    assert len(found.places) == 48
    assert np.ptp(found.places) < np.ptp(found.harmonics) / 3
    assert found.samples <= 96
    assert products(tuple(1000 * t for t in TONES), 5).samples == found.samples


@pytest.mark.parametrize(
    ("tones", "order", "match"),
    [(TONES, 4, "odd"), ((0, 10**6), 3, "common spacing"), (tuple(2 ** np.arange(14)), 9, "lower")],
)
def test_what_cannot_be_computed_is_refused(tones, order, match):
    with pytest.raises(InvalidInput, match=match):
        products(tuple(int(each) for each in tones), order)
