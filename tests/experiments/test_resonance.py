import numpy as np

from rfjax.experiments import resonance as experiment


def test_the_integrated_resonance_is_that_of_the_model_below_the_fold(tmp_path):
    result = experiment.run(tmp_path, quick=True)
    *apart, upper = [row.rfjax for row in result.rows]
    assert max(apart) < 1e-3  # per cent
    assert 0 < upper < 100
    assert (tmp_path / "resonance.png").stat().st_size > 10_000


def test_the_voltage_changes_sign_where_the_resonance_has_moved_to():
    detuning = np.linspace(0, 2, 41)
    volts = experiment.voltage(experiment.Dynamic(), detuning, 1e-4)
    assert volts[0] < 0 < volts[-1]
