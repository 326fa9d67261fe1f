import numpy as np

from rfjax.experiments import resonance as experiment


def test_the_motion_ends_at_the_tone_and_the_integrated_resonance_is_that_of_the_model(tmp_path):
    result = experiment.run(tmp_path, quick=True)
    power, frequency, *apart, upper = result.rows
    # The printed force is that of 39.5 µW.
    np.testing.assert_allclose((experiment.FORCE / 2e8) ** 2, 39.5e-6, rtol=1e-3)
    p = power.rfjax
    drive = (experiment.FORCE / (2 * np.pi * 2e6)) ** 2
    np.testing.assert_allclose(p * ((1 + p) ** 2 + (1 - 10 * p) ** 2), drive, rtol=1e-5)
    np.testing.assert_allclose(frequency.rfjax, 202, rtol=1e-9)
    assert max(row.rfjax for row in apart) < 1e-3  # per cent
    assert 0 < upper.rfjax < 100
    for name in ("resonance.png", "resonance_settled.png"):
        assert (tmp_path / name).stat().st_size > 50_000


def test_the_voltage_changes_sign_where_the_resonance_has_moved_to():
    detuning = np.linspace(0, 2, 41)
    volts = experiment.voltage(experiment.Independent(), detuning, 1e-4)
    assert volts[0] < 0 < volts[-1]
