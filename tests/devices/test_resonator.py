import equinox as eqx
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import rfjax
from rfjax import InvalidInput, Resonator
from rfjax.dynamics import Tones, simulate
from rfjax.laws import magnetoresistance, spin_diode
from rfjax.rectifiers import CrossCoupled, Independent

POSITIVE = ("frequency", "damping", "rectification", "drive")
NON_NEGATIVE = ("nonlinear_damping",)
FINITE = ("nonlinear_shift", "antisymmetric", "symmetric")


def build(**fields):
    return Resonator(**({"frequency": 3e8} | fields))


def test_defaults_are_those_of_the_thesis():
    resonator = rfjax.Resonator(3e8)
    values = {name: float(value) for name, value in vars(resonator).items()}
    assert values == {
        "frequency": 3e8,
        "damping": 0.01,
        "nonlinear_shift": 0.1,
        "nonlinear_damping": 1.0,
        "rectification": 6e7,
        "drive": 2e8,
        "antisymmetric": 1.0,
        "symmetric": 0.0,
        "under_current": False,
    }


def test_fields_broadcast_to_the_shape_of_the_resonators():
    assert build().shape == ()
    assert build(frequency=np.full((4, 3), 3e8), damping=np.full(3, 0.01)).shape == (4, 3)
    assert build(drive=np.full((4, 1), 2e8), symmetric=np.zeros(3)).shape == (4, 3)


def test_linewidth_and_shift_are_those_of_the_laws():
    resonator = build(damping=np.array([0.01, 0.02]))
    np.testing.assert_allclose(resonator.linewidth, 2 * np.pi * 3e8 * np.array([0.01, 0.02]))
    np.testing.assert_allclose(resonator.linewidth_frequency, [3e6, 6e6])
    np.testing.assert_allclose(resonator.reduced_shift, [10, 5])


def test_single_precision_stays_single():
    resonator = build(frequency=np.full(2, 3e8, np.float32), damping=np.float32(0.01))
    assert resonator.frequency.dtype == np.float32
    assert resonator.linewidth.dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", POSITIVE + NON_NEGATIVE + FINITE)
def test_no_field_may_be_nan_or_infinite(name, value):
    with pytest.raises(InvalidInput, match=f"^{name} is {value}; it must be finite"):
        build(**{name: value})
    with pytest.raises(InvalidInput, match=rf"^{name}\[1\] is {value}; it must be finite"):
        build(**{name: np.array([1.0, value])})


@pytest.mark.parametrize("value", [0.0, -1.0])
@pytest.mark.parametrize("name", POSITIVE)
def test_what_divides_must_be_above_zero(name, value):
    with pytest.raises(InvalidInput, match=f"^{name} is {value}; it must be finite and above zero"):
        build(**{name: value})


def test_nonlinear_damping_must_not_be_negative():
    with pytest.raises(InvalidInput, match="^nonlinear_damping is -0.5; .* zero or above"):
        build(nonlinear_damping=-0.5)
    build(nonlinear_damping=0.0)


@pytest.mark.parametrize("name", FINITE)
def test_either_sign_is_taken_where_it_has_a_meaning(name):
    assert getattr(build(**{name: -2.5}), name) == -2.5


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(InvalidInput, match=r"do not broadcast: frequency \(3,\), damping \(2,\)"):
        build(frequency=np.full(3, 3e8), damping=np.full(2, 0.01))


@pytest.mark.parametrize(
    ("name", "value"), [("frequency", np.nan), ("damping", 0.0), ("nonlinear_damping", -1.0)]
)
def test_values_known_only_inside_a_program_that_are_not_allowed_are_nan(name, value):
    @eqx.filter_jit
    def built(value):
        return build(**{name: value})

    assert getattr(built(np.float64(0.5)), name) == 0.5
    assert np.isnan(getattr(built(np.float64(value)), name))


def test_a_resonator_goes_through_transformations():
    frequencies = np.array([1e8, 2e8])
    resonators = eqx.filter_vmap(Resonator)(frequencies)
    assert resonators.shape == (2,)
    np.testing.assert_array_equal(resonators.frequency, frequencies)
    slope = eqx.filter_grad(lambda resonator: resonator.linewidth)(build())
    assert slope.damping == pytest.approx(2 * np.pi * 3e8)
    assert slope.drive == 0


def test_detuned_resonators_lie_below_where_they_were():
    resonators = Resonator(np.array([1e9, 2e9]), damping=0.02)
    tuned = resonators.detuned(np.array([[0.0, 2.0], [-1.0, 5.0]]))
    assert tuned.shape == (2, 2)
    np.testing.assert_allclose(
        (resonators.frequency - tuned.frequency) / tuned.linewidth_frequency,
        [[0, 2], [-1, 5]],
        atol=1e-12,
    )


def test_two_torques_of_one_current_drive_and_rectify_as_in_the_equation_of_motion():
    """Both forces integrated, the current mixed with the resistance: (A.5-A.14) at any power."""
    field, damping, efficiency, change, sensitivity = 1.5e8, -0.7e8, 5e10, 100.0, 0.3
    power, tones = 3e-5, 3e8 + 3e6 * np.array([-1.0, 0.3, 2.0])
    # The current of one watt, from the efficiency of both torques together.
    size = np.hypot(field, damping)
    current = size / efficiency * np.sqrt(power)
    device = Resonator.of_torques(
        3e8,
        field,
        damping,
        rectification=spin_diode.rectification(size, change, sensitivity, efficiency),
    )
    volts = [float(Independent()(device, np.array([power]), np.array([tone]))) for tone in tones]
    phase = 0.4  # of the current
    forces = Tones(
        np.array([damping, field]) * np.sqrt(power),
        np.stack([tones, tones], -1),
        phase - np.array([0, np.pi / 2]),
    )
    path = simulate(device, 25 / 1.8e7, forces, saves=2, tolerance=1e-10)
    turned = np.asarray(path.phase(tones))[:, -1] - phase
    resistance = magnetoresistance.oscillating_resistance(
        path.power[:, -1], turned, change, sensitivity
    )
    # Of the product of two cosines the difference of their phases stays on average.
    np.testing.assert_allclose(volts, current / 2 * resistance, rtol=1e-6)


def test_the_torques_share_one_force():
    device = Resonator.of_torques(np.array([2e8, 3e8]), 3e8, np.array([4e8, 0.0]))
    np.testing.assert_allclose(device.drive, [5e8, 3e8])
    np.testing.assert_allclose(device.antisymmetric, [0.6, 1])
    np.testing.assert_allclose(device.symmetric, [0.8, 0])
    with pytest.raises(InvalidInput, match="^drive is 0.0; it must be finite and above zero"):
        Resonator.of_torques(3e8, 0.0, 0.0)


def test_a_tone_drives_with_the_root_of_its_power():
    found = build(drive=np.array([1e8, 2e8])).force(np.array([[0.0], [4e-6]]))
    np.testing.assert_allclose(found, [[0, 0], [2e5, 4e5]], rtol=1e-12)
    with pytest.raises(InvalidInput, match="^power is -1"):
        build().force(-1.0)


def test_the_response_folds_over_from_the_fold_power_on():
    """Two branches somewhere just above it, nowhere just below it; of no shift, never."""
    resonator = build(nonlinear_shift=np.array([0.5, -0.5]))
    detuning = np.linspace(-8, 8, 200_001)
    for share, folds in ((0.99, False), (1.01, True)):
        drive = spin_diode.reduced_drive(
            share * resonator.fold_power, resonator.frequency, resonator.damping, resonator.drive
        )
        for each, shift in zip(drive, resonator.reduced_shift, strict=True):
            begin, end = spin_diode.fold_drives(detuning, shift, resonator.nonlinear_damping)
            assert bool(((begin < each) & (each < end)).any()) == folds
    assert np.isinf(build(nonlinear_shift=0.0).fold_power)


def test_averaged_beats_end_under_a_current_at_the_spacings_that_biased_names():
    """Two tones of 5 µW integrated by SciPy in the frame of the first, which is on resonance."""
    width, force = 0.01 * 2 * np.pi * 2e8, 2e8 * np.sqrt(5e-6)

    def integrated(spacing, ratio):
        def slope(time, state):
            c, power = state[0], np.abs(state[0]) ** 2
            tones = force * (1 + np.exp(-2j * np.pi * spacing * time))
            net = width * (1 + power) - ratio * width * (1 - power)
            return np.array([tones - (net + 2e7j * 2 * np.pi * power) * c, c * np.conj(tones)])

        def over(beats, c):
            settings = {"rtol": 1e-8, "atol": 1e-11, "max_step": 5e-8, "method": "DOP853"}
            return solve_ivp(slope, (0, beats / spacing), np.array([c, 0]), **settings).y[:, -1]

        settled, _ = over(np.ceil(25 / (width * (1 - ratio)) * spacing), 0j)
        return 6e7 / 2e8**2 * spacing * over(1, settled)[1].imag

    spacings, efficiency = np.array([1e6, 2e6, 4e6]), width / 1e-3
    for ratio, expected in ((0.0, [-0.0002] * 3), (0.9, [0.24, -0.033, -0.004])):
        resonators = rfjax.Resonator(2e8).biased(ratio * 1e-3, efficiency)
        exact = np.array([integrated(spacing, ratio) for spacing in spacings])
        found = [
            float(CrossCoupled()(resonators, np.full(2, 5e-6), np.array([2e8, 2e8 + spacing])))
            for spacing in spacings
        ]
        np.testing.assert_allclose(found / exact - 1, expected, rtol=0.03, atol=2e-4)
