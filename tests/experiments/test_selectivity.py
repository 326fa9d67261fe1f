import numpy as np

from rfjax.experiments.device import selectivity
from tests.experiments.committed import assert_as_documented


def test_a_resonator_takes_of_other_tones_what_their_distance_says(tmp_path):
    result = selectivity.run(tmp_path)
    assert_as_documented(result)
    # x = Δf/(αf) linewidths away 2x/(1+x²) of the largest voltage is left
    away = np.array([10 / 2.0, 10 / 2.1, 4.04 / 2.0, 4.12 / 2.0404])
    expected = 100 * 2 * away / (1 + away**2)
    np.testing.assert_allclose([row.rfjax for row in result.rows], expected, rtol=1e-9)
    np.testing.assert_allclose([row.law for row in result.rows], expected, rtol=1e-9)


def test_every_resonator_gives_nothing_for_its_own_tone():
    for comb in selectivity.COMBS:
        volts = selectivity.spectra(comb, np.array(comb.resonances))
        assert np.abs(np.diagonal(volts)).max() < 1e-12
        # Tones above a resonance give positive voltages, tones below negative ones.
        assert (
            np.sign(volts) == -np.sign(np.subtract.outer(comb.resonances, comb.resonances))
        ).all()
