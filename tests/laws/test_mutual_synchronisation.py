import numpy as np

from rfjax.laws import injection_locking, mutual_synchronisation, thermal_noise

OMEGA = 2 * np.pi * 200e6
WIDTH, CURRENT, POWER = 0.01 * OMEGA, 2.0, 0.25  # rad/s; in thresholds; Q = 2


def test_two_isochronous_oscillators_follow_each_other_twice_as_far_as_one_follows_a_tone():
    one = injection_locking.locking_range(1e6 * np.sqrt(POWER), POWER)
    np.testing.assert_allclose(mutual_synchronisation.locking_range(1e6), 2 * one)


def test_the_range_is_where_a_phase_locked_state_exists():
    """Power and phase equations of both oscillators, linear in a weak coupling."""
    shift, coupling = 0.05, 1e-5 * WIDTH
    stiffness = WIDTH * (2 + CURRENT)
    for beta in np.linspace(-np.pi, np.pi, 9):

        def turning(phi, beta=beta):
            power = coupling * np.cos(beta + phi) / stiffness
            return OMEGA * shift * power - coupling * np.sin(beta + phi)

        phi = np.linspace(-np.pi, np.pi, 20001)
        reached = (turning(-phi) - turning(phi)).max()
        found = mutual_synchronisation.locking_range(coupling, beta, OMEGA * shift / stiffness)
        np.testing.assert_allclose(found, reached, rtol=1e-6)


def test_the_line_of_many_is_that_of_one_with_their_mean_force():
    one = thermal_noise.linewidth_above_threshold(1e4, POWER, 1.25)
    many = thermal_noise.linewidth_above_threshold(1e4 / 8, POWER, 1.25)
    np.testing.assert_allclose(mutual_synchronisation.common_linewidth(one, 8), many)


def test_a_diffusing_phase_has_the_line_of_an_isochronous_oscillator():
    # The quadrature of a force of strength 2D turns the phase by a variance of D t / p.
    diffusion, time = 1e4, 1e-6
    width = thermal_noise.linewidth_of_phase(diffusion * time / POWER, time)
    expected = thermal_noise.linewidth_above_threshold(diffusion, POWER, 0.0)
    np.testing.assert_allclose(width, expected)
