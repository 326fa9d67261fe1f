import numpy as np

from rfjax.experiments.device import resonance as experiment


def folded_detunings(power):
    r"""Detunings of a quick sweep with two stable powers, and which the one after 60 lifetimes is.

    From $p\,[(1+p)^2+(x-10p)^2]=s$ and $\dot a=-[1+p-i(x-10p)]\,a+\sqrt s$.
    """
    x = np.linspace(-6, 6, 61)
    # At a fixed tone the linewidth goes with the resonance, f/(1 + αx).
    drive = 4e16 * power / (2 * np.pi * 2e6 / (1 + 0.01 * x)) ** 2
    roots = [np.roots([101, 2 - 20 * at, 1 + at**2, -s]) for at, s in zip(x, drive, strict=True)]
    roots = [np.sort(each.real[np.abs(each.imag) < 1e-9]) for each in roots]
    two = np.array([len(each) == 3 for each in roots])
    x, drive, roots = x[two], drive[two], np.array([each for each in roots if len(each) == 3])

    def rate(a):
        p = np.abs(a) ** 2
        return -(1 + p - 1j * (x - 10 * p)) * a + np.sqrt(drive)

    a, step = np.zeros(len(x), complex), 0.01
    for _ in range(6000):
        first = rate(a)
        second = rate(a + step / 2 * first)
        third = rate(a + step / 2 * second)
        a += step / 6 * (first + 2 * second + 2 * third + rate(a + step * third))
    ends = np.abs(a) ** 2
    # Settled on one of the outer roots.
    assert np.abs(ends[:, None] - roots[:, ::2]).min(axis=1).max() < 1e-6
    return x, ends > roots[:, 1]


def test_the_motion_ends_at_the_tone_and_the_integrated_resonance_is_that_of_the_model(tmp_path):
    result = experiment.run(tmp_path, quick=True)
    power, frequency, *apart, upper = result.rows
    # The printed force is that of 39.5 µW.
    np.testing.assert_allclose((experiment.FORCE / 2e8) ** 2, 39.5e-6, rtol=1e-3)
    drive = (experiment.FORCE / (2 * np.pi * 2e6)) ** 2
    for p, accuracy in ((power.rfjax, 2e-6), (power.law, 1e-9)):
        np.testing.assert_allclose(p * ((1 + p) ** 2 + (1 - 10 * p) ** 2), drive, rtol=accuracy)
    np.testing.assert_allclose(frequency.rfjax, 202, rtol=1e-9)
    assert max(row.rfjax for row in apart) < 1e-7  # per cent, after 60 lifetimes
    detuning, is_upper = folded_detunings(experiment.FOLDING)
    np.testing.assert_allclose(detuning, np.arange(4.4, 5.9, 0.2))
    assert upper.rfjax == 100 * is_upper.mean() == 12.5


def test_the_voltage_changes_sign_where_the_resonance_has_moved_to():
    detuning = np.linspace(0, 2, 41)
    volts = experiment.voltage(experiment.Independent(), detuning, 1e-4)
    assert volts[0] < 0 < volts[-1]
    # x = 10p, and with it p (1+p)² = s, with the linewidth of the resonance f/(1 + αx)
    s = 4e16 * 1e-4 / (2 * np.pi * 2e6) ** 2
    roots = np.roots([1, 2 - 0.01 * s, 1 - 0.2 * s, -s])
    x = 10 * roots.real[np.abs(roots.imag) < 1e-12]
    (nothing,) = experiment.voltage(experiment.Independent(), x, 1e-4)
    np.testing.assert_allclose(x, 0.2426, atol=1e-4)
    assert abs(nothing) < 1e-12 * np.abs(volts).max()
