import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax.laws import spin_diode
from rfjax.rectifiers import CrossCoupled, Dynamic, HarmonicBalance, Independent, Linear
from rfjax.rectifiers.rotating_frame import beat_spacing, rotating_frame, rounding
from tests.helpers import rectified, slope_at

TONES = np.array([200e6, 204e6, 208.2e6, 212.4e6])
RESONATORS = rfjax.Resonator(TONES * np.array([0.995, 1.01, 1.0, 0.99]), symmetric=0.3)
POWERS = np.array([5e-6, 10e-6, 15e-6, 8e-6])
TOLERANCES = 1e-4, 1e-7
# One program for all of these rows of powers and phases.
ROWS = {"usual": POWERS, "weak": 1e-5 * POWERS, "strong": 10 * POWERS, "turned": 10 * POWERS}
PHASES = np.concatenate(
    [
        np.zeros((3, 4)),
        [[0, 0, 0, np.pi / 2]],
        np.random.default_rng(0).uniform(0, 2 * np.pi, (257, 4)),
    ]
)
ALL = np.stack([*ROWS.values(), *256 * [POWERS], 0 * POWERS])


def scheduled(phases):
    return Dynamic(phases).scheduled(RESONATORS, TONES, powers=10 * POWERS)


@pytest.fixture(scope="module")
def volts():
    """The voltages of all rows by the usual settings, computed at once."""
    found = rectified(scheduled(PHASES), RESONATORS, ALL, TONES)
    return dict(zip(ROWS, found)) | {"drawn": found[4:260], "whole": found}


def test_one_tone_gives_the_nonlinear_spin_diode():
    resonators = rfjax.Resonator(200e6 * np.linspace(0.95, 1.05, 7), symmetric=0.5)
    given = (resonators, np.array([3e-5]), TONES[:1])
    volts = Dynamic(tolerance=1e-9, settling=30.0)(*given)
    np.testing.assert_allclose(volts, Independent()(*given), rtol=1e-7)


def test_weak_tones_add_up_as_in_the_linear_model(volts):
    linear = Linear()(RESONATORS, ROWS["weak"], TONES)
    np.testing.assert_allclose(volts["weak"], linear, rtol=3e-5, atol=1e-16)


def test_the_mean_over_phases_comes_near_the_cross_coupled_model(volts):
    drawn = volts["drawn"]
    error = np.std(drawn, axis=0) / 16
    coupled, alone = (model(RESONATORS, POWERS, TONES) for model in (CrossCoupled(), Independent()))
    assert np.all(np.abs(drawn.mean(axis=0) - coupled) < 4 * error + 1e-3 * np.abs(coupled))
    assert np.linalg.norm(drawn.mean(axis=0) - coupled) < np.linalg.norm(coupled - alone) / 4


def test_phases_matter_where_tones_mix_onto_each_other(volts):
    assert not np.allclose(volts["strong"], volts["turned"], rtol=1e-4)
    beside = TONES + np.array([0, 0, 0, 0.4e6])
    one, other = Dynamic(PHASES[2:4])(RESONATORS, 10 * POWERS, beside)
    np.testing.assert_allclose(one, other, rtol=1e-4)


def test_a_smooth_window_gives_the_mean_over_a_period(volts):
    smooth = Dynamic(window=80e-6)(RESONATORS, POWERS, TONES)
    np.testing.assert_allclose(smooth, volts["usual"], rtol=1e-5)


def test_a_tighter_tolerance_comes_nearer_also_where_resonances_move_with_the_power():
    powers = np.stack([POWERS, np.full(4, 450e-6)])
    least = 1e-10
    exact, *others = (
        Dynamic(tolerance=each, settling=30.0)(RESONATORS, powers, TONES)
        for each in (least, *TOLERANCES)
    )
    size = np.max(np.abs(exact), axis=-1)
    apart = [np.max(np.abs(volts - exact), axis=-1) / size for volts in others]
    # Nearer than its own tolerance the exact one tells nothing.
    for coarse, fine in itertools.pairwise(apart):
        assert ((coarse > fine) | (fine < least)).all()
    for each, tolerance in zip(apart, TOLERANCES, strict=True):
        assert (each < tolerance).all()


def steps_in_a_period(**settings):
    return Dynamic().scheduled(RESONATORS, TONES, **settings).schedule.counted


def test_a_schedule_knows_how_far_resonators_may_move_and_how_strong_tones_are():
    usual = steps_in_a_period()
    assert steps_in_a_period(powers=15e-6) == steps_in_a_period(powers=np.full((2, 4), 15e-6))
    assert steps_in_a_period(powers=0.0) < usual < steps_in_a_period(powers=450e-6)
    assert usual < steps_in_a_period(widest=2.0)
    for bad, message in ((-1e-6, "powers is"), (np.ones(3), "powers.*tones")):
        with pytest.raises(rfjax.InvalidInput, match=message):
            steps_in_a_period(powers=bad)


def test_batches_come_before_resonators_and_in_parts_give_the_same(volts, monkeypatch):
    monkeypatch.setattr("rfjax.rectifiers.dynamic._AT_ONCE", 4)
    some = np.array([0, 3, 100, 260])
    few = rectified(scheduled(PHASES[some, None]), RESONATORS, ALL[some, None], TONES)
    assert few.shape == (4, 1, 4)
    np.testing.assert_allclose(few[:, 0], volts["whole"][some], rtol=1e-12, atol=1e-20)
    assert np.all(few[-1] == pytest.approx(0, abs=1e-15))


def test_single_precision_agrees_with_double(volts):
    single = jax.tree.map(lambda field: field.astype(np.float32), RESONATORS)
    found = Dynamic()(single, POWERS.astype(np.float32), TONES.astype(np.float32))
    assert found.dtype == np.float32
    assert np.max(np.abs(found - volts["usual"])) < 1e-5 * np.max(np.abs(volts["usual"]))


def test_derivatives_of_devices_and_powers_are_those_of_the_voltage_also_at_rest():
    names = "frequency", "damping", "nonlinear_shift", "nonlinear_damping"
    model = Dynamic(settling=16.0, tolerance=1e-4)
    model = model.scheduled(RESONATORS, TONES, widest=1.0, powers=5 * POWERS)

    @jax.jit
    def volts(given):
        scales, powers = given[:4], 5 * POWERS * given[4:]
        fields = [getattr(RESONATORS, name) for name in names]
        moved = eqx.tree_at(
            lambda device: [getattr(device, name) for name in names],
            RESONATORS,
            [scale * field for scale, field in zip(scales, fields, strict=True)],
        )
        return model(moved, powers, TONES).sum()

    point, slopes = jnp.ones(8), jax.jit(jax.grad(volts))
    expected = [
        slope_at(lambda step, one=one: volts(point + step * one), 0.0, 1e-4) for one in np.eye(8)
    ]
    np.testing.assert_allclose(slopes(point), expected, rtol=1e-6)
    along = jnp.asarray(np.random.default_rng(0).standard_normal(8))
    ahead = jax.jit(lambda along: jax.jvp(volts, (point,), (along,))[1])(along)
    np.testing.assert_allclose(ahead, along @ jnp.asarray(expected), rtol=1e-6)
    at_rest = slopes(point.at[4:].set(0))[4:] / (5 * POWERS)
    linear = jax.grad(lambda powers: Linear()(RESONATORS, powers, TONES).sum())(jnp.zeros(4))
    np.testing.assert_allclose(at_rest, linear, atol=1e-3 * np.max(np.abs(linear)))


def test_inside_of_a_compiled_function_a_schedule_is_asked_for():
    with pytest.raises(rfjax.InvalidInput, match="scheduled"):
        rectified(Dynamic(), RESONATORS, POWERS, TONES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "tones",
    [
        np.array([200e6, 204.1e6, 212.4e6]),
        np.round(200e6 * (1 + 0.021 * np.arange(8)), -3),
        20e9 + np.array([0, 4e6, 12e6, 35e6]),
    ],
)
def test_the_beats_of_tones_are_found_through_their_rounding(tones, dtype):
    given = tones.astype(dtype)
    resonators = jax.tree.map(lambda field: field.astype(dtype), rfjax.Resonator(0.99 * tones))
    detuning = spin_diode.reduced_detuning(given, resonators.frequency[:, None], dtype(0.01))
    offsets = np.asarray(rotating_frame(resonators, detuning).tones, np.float64)
    spacing = np.gcd.reduce(np.diff(tones).astype(int))
    found = beat_spacing(offsets, rounding(given.max(), dtype))
    assert np.ptp(tones) / spacing == pytest.approx(np.ptp(offsets) / found, rel=1e-12)


def test_tones_that_never_repeat_ask_for_a_window():
    tones = rfjax.laws.frequency_comb.geometric_comb(200e6, 212e6, 4)
    with pytest.raises(rfjax.InvalidInput, match="window"):
        Dynamic()(RESONATORS, POWERS, tones)
    # It holds the beats of two tones 24 times, but not those of their products: off by 0.5 %.
    with pytest.raises(rfjax.InvalidInput, match="voltages are missing: .* outlast a window"):
        Dynamic(window=6e-6)(RESONATORS, POWERS, tones)
    with pytest.raises(
        rfjax.InvalidInput, match="longest beat of two tones; .* 20 times: 5.1e-06 s"
    ):
        Dynamic(window=5e-6)(RESONATORS, POWERS, tones)


def test_what_would_take_too_many_steps_says_how_many():
    for settings, message in (
        ({"settling": 1e12}, "settling lasts .* steps .*; at most 20000000 are allowed"),
        ({"settling": 1e300}, "settling lasts .* steps .*; at most 20000000 are allowed"),
        ({"window": 1e300}, "the mean lasts .* steps .*; at most 100000 are allowed"),
        ({"tolerance": 1e-300}, "the mean lasts .* steps .*; at most 100000 are allowed"),
    ):
        with pytest.raises(rfjax.InvalidInput, match=message):
            Dynamic(**settings)(RESONATORS, POWERS, TONES)


@pytest.mark.parametrize("model", [Dynamic, HarmonicBalance])
def test_fields_that_do_not_fit_are_refused(model):
    for bad, message in ((np.zeros(2), "phases .2,."), (np.zeros((2, 5)), "phases .2, 5.")):
        with pytest.raises(rfjax.InvalidInput, match=message):
            model(bad)(RESONATORS, POWERS, TONES)
    with pytest.raises(rfjax.InvalidInput, match="for 1 tones"):
        model(np.zeros(3))(RESONATORS, POWERS[:1], TONES[:1])
    for bad in (5.0, 0.01):
        with pytest.raises(rfjax.InvalidInput, match="below 0.01"):
            model(tolerance=bad)


def test_a_schedule_takes_widest_of_each_resonator():
    with pytest.raises(rfjax.InvalidInput, match=r"widest has shape \(3,\); .* resonators, \(4,\)"):
        steps_in_a_period(widest=np.ones(3))
    with pytest.raises(rfjax.InvalidInput, match="not known before compilation"):
        jax.jit(lambda widest: steps_in_a_period(widest=widest))(np.ones(4))


@pytest.mark.parametrize("field", ["settling", "tolerance", "window"])
@pytest.mark.parametrize("value", [-1.0, [1.0], "long"])
def test_fields_must_be_numbers_above_zero(field, value):
    with pytest.raises(rfjax.InvalidInput, match=f"^{field} is"):
        Dynamic(**{field: value})


def test_next_to_a_fold_it_waits_until_it_has_settled():
    # Where 14 lifetimes leave 5, 3 and 0.07 percent; one tone settles on a branch of its cubic.
    tone = np.array([200e6])
    detuning = np.concatenate([np.linspace(-6, 20, 14), np.linspace(6, 9, 13)])
    frequency = spin_diode.resonance_frequency(tone, detuning, 0.01)
    slow = rfjax.Resonator(frequency, nonlinear_shift=np.repeat([[1.0], [0.1]], 27, axis=1))
    model = Dynamic().scheduled(slow, tone, powers=450e-6)
    strong = np.array([[50e-6], [450e-6]])
    volts = rectified(model, slow, strong, tone)
    settled = Independent("rest")(slow, strong, tone)
    branches = np.stack([Independent(name)(slow, strong, tone) for name in ("lower", "upper")])
    size = np.abs(settled).max(axis=-1, keepdims=True)
    apart = np.abs(volts - settled) / size
    # The fate of a lane between two basins may hang on the last digit.
    assert (apart < 1e-5).mean() > 0.98
    assert (np.abs(volts - branches).min(axis=0) / size < 1e-5).all()


def test_next_to_a_fold_derivatives_are_those_of_the_settled_state_and_need_no_schedule():
    tone, power = np.array([200e6]), jnp.array([450e-6])
    detuned = spin_diode.resonance_frequency(tone, np.array([7.0, 7.6]), 0.01)
    assert not Independent().bistable(rfjax.Resonator(detuned), power, tone).any()

    def slopes(model):
        def total(scale, power):
            return model(rfjax.Resonator(detuned, 0.01 * scale), power, tone).sum()

        return jax.grad(total, (0, 1))(1.0, power)

    for found, expected in zip(slopes(Dynamic(None, 4.0, 1e-7)), slopes(Independent())):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_tones_that_are_stronger_than_scheduled_are_refused():
    model = Dynamic().scheduled(RESONATORS, TONES)
    with pytest.raises(rfjax.InvalidInput, match="made for; give scheduled the largest powers"):
        model(RESONATORS, 30 * POWERS, TONES)
    with pytest.raises(rfjax.InvalidInput, match="made for; give scheduled the largest powers"):
        model(rfjax.Resonator(0.8 * RESONATORS.frequency), POWERS, TONES)


def test_under_a_window_what_has_not_settled_is_refused():
    tone, power = np.array([200e6]), np.array([450e-6])
    slow = rfjax.Resonator(spin_diode.resonance_frequency(tone, np.array([0.0, 7.6]), 0.01))
    with pytest.raises(rfjax.InvalidInput, match="^[12] of 2 voltages are missing"):
        Dynamic(window=1e-7, settling=4.0)(slow, power, tone)
