"""Resonators are found again in their spectra, and intervals hold what they say."""

import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax.checks import InvalidInput
from rfjax.fitting import fit_spin_diode, profile_intervals
from rfjax.numerics.least_squares import CONVERGED
from rfjax.rectifiers import Independent
from tests.fitting.curves import drawn_apart

FREQUENCIES = np.linspace(180e6, 220e6, 121)
POWERS = np.array([1e-6, 4e-6, 10e-6])


@pytest.fixture(scope="module")
def optimised():
    return True


def spectra(resonators, powers=POWERS, branch="lower"):
    """Volts, (*r, powers, n)."""
    volts = np.asarray(rfjax.spectrum(resonators, powers, FREQUENCIES, Independent(branch)))
    return np.moveaxis(volts, (0, 1), (-2, -1)) if volts.ndim > 2 else volts


def drawn(count, seed=0, most=5.0):
    """Resonators that scatter; at the largest power lines shift by so many linewidths at most."""
    random = np.random.default_rng(seed)
    damping = 0.01 * np.exp(0.2 * random.normal(size=count))
    frequency = 200e6 * (1 + 0.01 * random.normal(size=count))
    drive = (2e8 / (2 * np.pi * damping * frequency)) ** 2 * POWERS.max()
    angle = 0.4 * random.normal(size=count)
    return rfjax.Resonator(
        frequency,
        damping=damping,
        nonlinear_shift=random.uniform(-most, most, count) * damping / drive,
        nonlinear_damping=random.uniform(0.1, 1, count) / drive,
        rectification=6e7 * np.exp(0.1 * random.normal(size=count)),
        antisymmetric=np.cos(angle),
        symmetric=np.sin(angle),
    )


def parameters(resonators):
    size = resonators.rectification
    return np.stack(
        [
            resonators.frequency,
            resonators.damping,
            resonators.nonlinear_shift,
            resonators.nonlinear_damping,
            size * resonators.antisymmetric,
            size * resonators.symmetric,
        ],
        -1,
    )


def noisy(volts, seed=1, share=0.02):
    size = share * np.abs(volts).max((-2, -1), keepdims=True)
    return volts + size * np.random.default_rng(seed).normal(size=volts.shape)


@pytest.fixture(scope="module")
def thousand():
    """A thousand spectra of three powers, on either branch, with an offset; and their fit."""
    resonators = drawn(1000)
    upper = np.arange(1000) % 2
    volts = [spectra(resonators, branch=branch) for branch in ("lower", "upper")]
    exact = np.where(upper[:, None, None] == 1, volts[1], volts[0])
    folded = (volts[0] != volts[1]).any((1, 2))
    measured = noisy(exact) + 2e-6
    fits = [
        fit_spin_diode(FREQUENCIES, measured[upper == code], POWERS, branch=branch)
        for code, branch in enumerate(("lower", "upper"))
    ]
    return resonators, upper, folded, exact, measured, fits


def test_intervals_hold_at_their_rate_with_folds_too(thousand):
    resonators, upper, folded, exact, measured, fits = thousand
    true = parameters(resonators)
    held, among, reached = [], [], []
    for code, fit in enumerate(fits):
        low, high = fit.estimates.intervals(0.95)
        mine = upper == code
        held.append((low <= true[mine]) & (true[mine] <= high))
        among.append(folded[mine])
        left = ((measured - exact)[mine] - 2e-6) ** 2
        reached.append((fit.residuals**2).sum((1, 2)) < 1.02 * left.sum((1, 2)))
    held, among, reached = map(np.concatenate, (held, among, reached))
    assert 150 < among.sum() < 850
    assert reached.mean() > 0.97
    # Of so many, a rate of 95 % scatters by 0.8 %.
    np.testing.assert_array_less(0.92, held[~among].mean(0))
    np.testing.assert_array_less(0.90, held[among].mean(0))
    np.testing.assert_array_less(held[~among].mean(0), 0.985)


def test_every_start_says_how_it_ended(thousand):
    *_, fits = thousand
    for fit in fits:
        first = fit.start_status[:, 0]
        assert (first > 0).all()
        assert (fit.start_status != CONVERGED).any()
        # One start is enough where it converged and left nothing but the noise.
        alone = (fit.start_status[:, 1:] == 0).all(1)
        assert alone.any()
        assert (first[alone] == CONVERGED).all()


def test_profile_intervals_agree_with_the_jacobian_where_the_model_is_straight():
    resonators = drawn(8, seed=4, most=0.8)
    fit = fit_spin_diode(FREQUENCIES, noisy(spectra(resonators), share=0.003), POWERS)
    assert fit.converged.all()
    for place, name in enumerate(fit.estimates.names):
        profile, jacobian = profile_intervals(fit, name), fit.estimates.intervals()[..., place]
        width = jacobian[1] - jacobian[0]
        np.testing.assert_allclose(profile - jacobian, np.zeros((2, 8)), atol=0.06 * width.max())


def test_a_device_is_found_again_and_goes_into_an_array():
    device = rfjax.Resonator(
        201e6,
        damping=0.012,
        nonlinear_shift=6.0,
        nonlinear_damping=150.0,
        antisymmetric=-0.8,
        symmetric=0.6,
    )
    volts = spectra(device) + 1e-6 + 1e-6 * (FREQUENCIES / 200e6 - 1)
    fit = fit_spin_diode(FREQUENCIES, volts, POWERS, background=1)
    assert fit.shape == ()
    assert fit.converged
    found = fit.resonator
    for name in (
        "frequency",
        "damping",
        "nonlinear_shift",
        "nonlinear_damping",
        "rectification",
        "antisymmetric",
        "symmetric",
    ):
        np.testing.assert_allclose(getattr(found, name), getattr(device, name), rtol=1e-6)
    np.testing.assert_allclose(fit.fitted, volts, atol=1e-6 * np.abs(volts).max())
    line = rfjax.Line(np.array([2e8, 2.1e8]), 1e-6)
    array = rfjax.arrays.ResonatorArray(jnp.zeros((1, 2)), found.at(line.frequencies), line)
    assert np.isfinite(array(line.peak_powers)).all()
    # γ goes with N and Q: twice γ is a quarter of both.
    other = fit_spin_diode(FREQUENCIES, volts, POWERS, background=1, drive=4e8).resonator
    np.testing.assert_allclose(other.nonlinear_shift, device.nonlinear_shift / 4, rtol=1e-6)
    np.testing.assert_allclose(other.rectification, device.rectification, rtol=1e-6)


def test_resonators_in_a_chain_are_found_in_their_order():
    pair = rfjax.Resonator(
        np.array([205e6, 193e6]), damping=0.01, nonlinear_shift=1.0, nonlinear_damping=20.0
    )
    each = np.asarray(rfjax.spectrum(pair, POWERS, FREQUENCIES))
    volts = each[..., 0] - each[..., 1]  # head to tail
    fit = fit_spin_diode(FREQUENCIES, noisy(volts, share=0.002), POWERS, resonators=2)
    assert fit.resonator.shape == (2,)
    np.testing.assert_allclose(fit.resonator.frequency, [193e6, 205e6], rtol=2e-4)
    np.testing.assert_allclose(fit.resonator.antisymmetric, [-1, 1], atol=0.05)
    low, high = fit.estimates.intervals(0.999)
    assert low[0] < 193e6 < high[0]


def test_a_linear_fit_holds_what_is_not_linear_and_outliers_move_a_robust_one_less():
    device = rfjax.Resonator(200e6, nonlinear_shift=0.0, nonlinear_damping=0.0, symmetric=0.5)
    volts = noisy(spectra(device, 1e-6)[None])[0]
    volts[::11] += 5e-5
    volts[5] = np.nan
    errors = {}
    for loss in ("squares", "soft-l1", "huber"):
        fit = fit_spin_diode(FREQUENCIES, volts, 1e-6, nonlinear=False, loss=loss)
        assert fit.converged
        assert fit.estimates["nonlinear_shift"] == 0
        assert np.isnan(fit.estimates.errors[2])
        errors[loss] = abs(float(fit.resonator.rectification) / np.hypot(6e7, 3e7) - 1)
    assert max(errors["soft-l1"], errors["huber"]) < 0.3 * errors["squares"]


def test_a_fit_prints_itself_and_converts():
    device = rfjax.Resonator(200e6)
    fit = fit_spin_diode(FREQUENCIES, noisy(spectra(device, 1e-6)[None])[0], 1e-6, nonlinear=False)
    said = str(fit)
    assert "frequency" in said
    assert "MHz" in said
    assert "held" in said
    assert "converged; starts tried: 1, without a minimum: 0" in said
    data = fit.to_xarray()
    assert data.frequency.units == "Hz"
    assert data.frequency_low < 200e6 < data.frequency_high
    assert data.status.item() == "converged"
    table = fit.to_dataframe()
    assert table.attrs["units"]["frequency_error"] == "Hz"
    assert repr(fit) == "SpinDiodeFit(1 fitted, 1 of them converged)"
    assert drawn_apart(fit) < 1e-2


@pytest.mark.parametrize("nonlinear", [False, True])
def test_noise_is_no_line(nonlinear):
    noise = 1e-6 * np.random.default_rng(5).normal(size=(40, 121))
    fit = fit_spin_diode(FREQUENCIES, noise, 1e-6, nonlinear=nonlinear, starts=2)
    assert fit.converged.sum() <= 1  # of a thousand in noise
    assert "no line found" in {fit.estimates.word((n,))[:13] for n in range(40)}
    # Neither are steps that fail in noise: nothing is told of a parameter.
    none = ~fit.converged
    assert not np.isfinite(fit.estimates.errors[none]).any()
    assert "out of steps" not in {fit.estimates.word((n,)) for n in range(40)}


def test_a_bound_is_told_and_cuts_intervals():
    device = rfjax.Resonator(200e6, nonlinear_shift=1.0, nonlinear_damping=0.0, symmetric=0.3)
    measured = noisy(spectra(device), share=0.02)
    # What a falling damping would explain better ends at a damping that does not fall.
    falling = measured * (1 + 0.02 * np.array([-1, 0, 1]))[:, None]
    fit = fit_spin_diode(FREQUENCIES, falling, POWERS)
    place = fit.estimates.names.index("nonlinear_damping")
    assert fit.estimates["nonlinear_damping"] == 0
    assert fit.estimates.at_bound[place]
    assert fit.estimates.intervals()[0, place] == 0
    assert fit.estimates.intervals()[1, place] > 0
    assert "(at its bound" in str(fit)
    low, high = profile_intervals(fit, "nonlinear_damping")
    assert low == 0
    assert 0 < high < np.inf


def test_folds_are_told_and_what_is_not_the_model_leaves_a_warning():
    straight, folded = (
        drawn(1, seed=4, most=0.8),
        rfjax.Resonator(np.array([200e6]), nonlinear_shift=20.0, nonlinear_damping=20.0),
    )
    said = str(fit_spin_diode(FREQUENCIES, noisy(spectra(straight), share=0.003)[0], POWERS))
    assert "no fold" in said
    assert "warning" not in said
    volts = noisy(spectra(folded, branch="upper"), share=0.003)[0]
    assert "upper branch" in str(fit_spin_diode(FREQUENCIES, volts, POWERS, branch="upper"))
    wrong = fit_spin_diode(FREQUENCIES, volts, POWERS, branch="lower")
    assert wrong.rough
    assert "warning: the residuals are" in str(wrong)


def test_what_noise_hides_at_the_fitted_powers_is_not_determined():
    tones = np.linspace(185e6, 215e6, 61)
    device = rfjax.Resonator(200e6, damping=0.01, nonlinear_shift=0.0, nonlinear_damping=0.0)
    volts = np.asarray(rfjax.spectrum(device, np.array([1e-9]), tones))
    fit = fit_spin_diode(tones, noisy(volts, share=0.01)[0], 1e-9)
    assert fit.converged
    assert fit.estimates.undetermined.tolist() == [False, False, True, True, False, False]
    notes = {each["name"]: each["note"] for each in fit.estimates.listed()}
    assert all("not determined" in notes[n] for n in ("nonlinear_shift", "nonlinear_damping"))
    assert notes["frequency"] == ""
    assert repr(fit).endswith("not determined: nonlinear_shift, nonlinear_damping)")
    said = "no power above 1 nW, up to which it was measured; nonlinear=False"
    assert said in str(fit)
    with pytest.warns(UserWarning, match=said):
        _ = fit.resonator
    held = fit_spin_diode(tones, noisy(volts, share=0.01)[0], 1e-9, nonlinear=False)
    assert not held.estimates.undetermined.any()
    assert held.resonator.nonlinear_shift == 0


def test_noise_that_differs_between_powers_asks_for_weights():
    device = rfjax.Resonator(200e6, nonlinear_shift=1.0, nonlinear_damping=20.0, symmetric=0.3)
    exact = spectra(device)
    even = exact + 0.01 * np.abs(exact).max(1, keepdims=True) * np.random.default_rng(2).normal(
        size=exact.shape
    )
    said = str(fit_spin_diode(FREQUENCIES, even, POWERS))
    assert "give weights, one for each power" in said
    assert "times the noise from sample to sample" not in said
    scatter = np.array([1e-9, 1e-7, 1e-6])
    volts = exact + scatter[:, None] * np.random.default_rng(3).normal(size=exact.shape)
    assert "powers of unequal noise were not weighed" in str(
        fit_spin_diode(FREQUENCIES, volts, POWERS)
    )
    # In V: squares of 1e-8 are beyond single precision.
    for loss in ("squares", "soft-l1"):
        weighed = fit_spin_diode(FREQUENCIES, volts, POWERS, weights=1 / scatter**2, loss=loss)
        assert weighed.converged
        assert "warning" not in str(weighed)
        assert "times 1/√weight" in str(weighed)
        np.testing.assert_allclose(weighed.deviation, 1, atol=0.1)
        np.testing.assert_allclose(weighed.roughness, 1, atol=0.2)
    assert "warning" not in str(fit_spin_diode(FREQUENCIES, exact, POWERS))


def test_samples_may_come_in_any_order():
    tones = np.linspace(185e6, 215e6, 61)
    device = rfjax.Resonator(
        np.array([201e6]),
        damping=0.008,
        nonlinear_shift=15.0,
        nonlinear_damping=0.0,
        symmetric=0.3,
    )
    exact = np.asarray(rfjax.spectrum(device, POWERS, tones, Independent("upper")))
    volts = noisy(np.squeeze(exact))
    volts[:, 7] = np.nan
    mixed = np.random.default_rng(0).permutation(61)
    sorted_, shuffled = (
        fit_spin_diode(tones[order], volts[:, order], POWERS) for order in (np.arange(61), mixed)
    )
    # From other starts steps end a little elsewhere in one minimum.
    apart = (shuffled.estimates.values - sorted_.estimates.values) / sorted_.estimates.errors
    np.testing.assert_allclose(apart, np.zeros(6), atol=0.05)
    np.testing.assert_allclose(shuffled.roughness, sorted_.roughness)
    np.testing.assert_allclose(shuffled.residuals[:, mixed.argsort()], sorted_.residuals, atol=1e-7)
    low, high = sorted_.estimates.intervals(0.999)
    assert low[2] < 15 < high[2]


def test_powers_that_scatter_more_weigh_less():
    random = np.random.default_rng(3)
    device = rfjax.Resonator(200e6, nonlinear_shift=1.0, nonlinear_damping=20.0, symmetric=0.3)
    scatter = np.array([1e-7, 1e-7, 2e-5])
    volts = spectra(device) + scatter[:, None] * random.normal(size=(60, 3, 121))
    errors = {
        word: np.std(fit_spin_diode(FREQUENCIES, volts, POWERS, weights=w).estimates["frequency"])
        for word, w in (("alike", 1.0), ("weighed", 1 / scatter**2))
    }
    assert errors["weighed"] < 0.3 * errors["alike"]


def with_one(value, columns=3):
    """Spectra, (2, columns, 121), of which one is the same value everywhere."""
    spectra = np.broadcast_to(np.sin(FREQUENCIES / 1e6), (2, columns, 121)).copy()
    spectra[1, 0] = value
    return spectra


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"voltages": np.ones((2, 7))}, "frequencies have shape"),
        ({"voltages": np.ones(121)}, "the same voltage"),
        ({"voltages": np.full(121, np.nan)}, "0 samples for 7 parameters"),
        ({"voltages": np.full(121, np.inf)}, "infinite"),
        ({"voltages": with_one(np.nan)}, r"^voltages\[1, 0\] has 0 samples for 7 parameters"),
        ({"voltages": with_one(1e-6)}, r"^voltages\[1, 0\] is the same voltage everywhere"),
        ({"voltages": np.ones((0, 121))}, "voltages are empty"),
        (
            {"voltages": with_one(np.nan, 2)[1], "powers": np.array([1e-6, 2e-6])},
            "^the spectrum has too few samples for its background at 1e-06 W",
        ),
        ({"powers": -1.0}, "powers"),
        ({"powers": np.ones((2, 2))}, "one axis"),
        ({"frequencies": np.full(121, 2e8)}, "all frequencies are the same"),
        ({"resonators": 0}, "resonators"),
        ({"resonators": 20}, "121 samples for 121 parameters"),
        ({"background": 9}, "background"),
        ({"branch": "rest"}, "branch"),
        ({"loss": "geman-mcclure"}, "loss"),
        ({"deviation": 0.0}, "deviation"),
        ({"weights": -1.0}, "weights"),
        ({"weights": np.ones(2)}, "weights"),
        ({"drive": 0.0}, "drive"),
        ({"starts": 99}, "starts"),
    ],
)
def test_what_cannot_be_fitted_is_refused(changed, said):
    given = {"frequencies": FREQUENCIES, "voltages": np.sin(FREQUENCIES / 1e6), "powers": 1e-6}
    with pytest.raises(InvalidInput, match=said):
        fit_spin_diode(**given | changed)
