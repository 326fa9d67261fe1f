import numpy as np

from rfjax.experiments.chain import head_to_tail
from tests.experiments.committed import assert_as_documented


def test_tails_add_up_in_series_and_cancel_head_to_tail(tmp_path):
    result = head_to_tail.run(tmp_path)
    assert_as_documented(result)
    series, wired, largest_series, largest_wired = result.rows
    frequencies = np.linspace(200e6, 240e6, 10)
    # Far below its resonance each diode gives -βP/[ω(1+α²)].
    each = -6e7 * 50e-6 / (2 * np.pi * frequencies * (1 + 0.01**2)) * 1e6
    np.testing.assert_allclose([series.rfjax, series.law], each.sum(), rtol=1e-4)
    alternating = (each * (-1) ** np.arange(10)).sum()
    np.testing.assert_allclose([wired.rfjax, wired.law], alternating, rtol=1e-4)
    assert largest_wired.rfjax < largest_series.rfjax / 4
