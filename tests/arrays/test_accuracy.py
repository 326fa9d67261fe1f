"""The fast evaluation of arrays against resonators computed one by one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import Line, Resonator
from rfjax.arrays import OwnTone, ResonatorArray, SharedLine
from rfjax.rectifiers import CrossCoupled, Independent, Linear
from rfjax.rectifiers.fast.poles import AT_ONCE
from tests.arrays.kinds import KINDS, TENTH, WEAK, kinds, made, slopes, spread
from tests.arrays.lines import (
    CHAINS,
    DETUNING,
    LINE,
    POWERS,
    array,
    cast,
    directly,
    moved,
    volts,
)
from tests.rectifiers.lines import COMB, PEAKS, TONES, relative_error, some_powers

RNG = np.random.default_rng(0)


@kinds
def test_the_fast_evaluation_keeps_its_tolerance(rectifier, wiring):
    symmetric = {} if isinstance(rectifier, CrossCoupled) else {"symmetric": 0.3}
    fast = made(rectifier, wiring, **symmetric)
    if isinstance(rectifier, CrossCoupled) and isinstance(wiring, OwnTone):
        assert fast.evaluation is None
        assert fast.error() == 0
    else:
        assert fast.covered()
        assert fast.error() <= fast.tolerance
        assert fast.prepared() is fast
    powers = some_powers(fast.peak_powers)
    assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5 * fast.tolerance


BIASED = Resonator(COMB, symmetric=0.3).biased(
    3e-4 * RNG.random((CHAINS, TONES)), 2 * np.pi * 1e7 / 1e-3
)
LINES = {
    "unsorted": RNG.permutation(TONES),
    "alike": np.minimum(np.arange(TONES), TONES - 3),
}


@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
@pytest.mark.parametrize(
    "case", ["one for all", "tones", "chains", "opposite", "biased", "unsorted", "alike", "uneven"]
)
def test_any_device_may_stand_at_any_place_of_any_line(case, wiring):
    fields = spread({"one for all": (), "tones": (TONES,)}.get(case, (CHAINS, TONES)))
    line = Line(COMB, TENTH)
    if case in LINES:
        line = Line(COMB[LINES[case]], TENTH[LINES[case]])
    if case == "uneven":
        line = Line(COMB, TENTH * 10 ** RNG.uniform(-3, 0.2, TONES) * (np.arange(TONES) != 4))
    if case == "opposite":  # signs that differ from chain to chain
        for name in ("nonlinear_shift", "antisymmetric"):
            fields[name] = fields[name] * RNG.choice([-1, 1], (CHAINS, TONES))
    if case == "biased":
        there = {name: getattr(BIASED, name) for name in fields}
        fields = {name: field for name, field in there.items() if field.ndim} | {"symmetric": 0.3}
    fast = array(Independent(), wiring, line=line, tolerance=1e-6, **fields)
    assert fast.evaluation is not None
    assert fast.covered()
    powers = some_powers(line.peak_powers)
    assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5e-6


@pytest.mark.parametrize("rectifier", [Linear(), Independent()], ids=["linear", "independent"])
@pytest.mark.parametrize("width", [0.5, 4.0, 32.0])
def test_it_holds_up_to_the_end_of_its_range(rectifier, width):
    line = Line(COMB, PEAKS / 10)
    fast = array(rectifier, line=line, detuning=(width - 0.1) / 1.5 * np.ones((2, TONES)))
    assert fast.evaluation.half_width == width
    for ends in (RNG.uniform(-1, 1, (2, TONES)), RNG.choice([-1, 1], (2, TONES))):
        there = moved(fast, width * ends)
        assert there.covered()
        powers = some_powers(line.peak_powers)
        assert relative_error(volts(there, powers), directly(there, powers)) <= 2 * fast.tolerance


@pytest.mark.parametrize(("rectifier", "wiring"), KINDS[:5], ids=lambda each: type(each).__name__)
def test_single_precision_agrees_with_double(rectifier, wiring):
    line = WEAK if isinstance(rectifier, CrossCoupled) else LINE
    single, detuning = cast((line, jnp.asarray(0.8 * DETUNING)), np.float32)
    fast = array(rectifier, wiring, line=single, detuning=detuning)
    assert fast.evaluation is not None
    powers = jnp.minimum(some_powers(line.peak_powers).astype(np.float32), single.peak_powers)
    found = volts(fast, powers)
    assert found.dtype == np.float32
    exact = ResonatorArray(
        *cast((fast.detuning, fast.resonators, single), np.float64),
        rectifier,
        wiring,
        tolerance=None,
    )
    assert relative_error(found, directly(exact, powers.astype(np.float64))) <= 1.5e-5


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wiring", [SharedLine(), OwnTone()], ids=["shared", "own"])
def test_devices_that_are_linear_and_tones_of_no_power_are_no_exception(wiring):
    nothing = {"nonlinear_shift": 0.0, "nonlinear_damping": 0.0}
    line = Line(COMB, PEAKS * (np.arange(TONES) % 3 > 0))
    for fields in (nothing, {}):
        fast = array(Independent(), wiring, line=line, **fields)
        assert fast.evaluation is not None
        powers = some_powers(line.peak_powers)
        assert relative_error(volts(fast, powers), directly(fast, powers)) <= 1.5e-5
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slopes(fast, powers)))


def test_the_error_is_measured():
    coarse, fine = (array(tolerance=tolerance) for tolerance in (1e-3, 1e-6))
    assert 0 < fine.error() <= 1e-6 < coarse.error() <= 1e-3
    assert array(tolerance=None).error() == 0


class Missing(Linear):
    """A model whose own evaluation is that of another one."""

    def rectify(self, resonators, detuning, powers):
        return 1.001 * super().rectify(resonators, detuning, powers)


def test_a_tolerance_that_cannot_be_kept_is_said_and_computed_directly():
    with pytest.warns(UserWarning, match="no fast evaluation of 12 tones keeps a tolerance of"):
        slow = array(Missing())
    assert slow.evaluation is None


def test_more_digits_take_more_nodes_and_weak_tones_fewer():
    def nodes(**options):
        return sum(
            ring.nodes * (ring.farthest - ring.nearest + 1)
            for ring in array(**options).evaluation.preset.rings
        )

    counts = [nodes(tolerance=tolerance) for tolerance in (1e-2, 1e-4, 1e-7)]
    assert counts[0] < counts[1] < counts[2]
    assert nodes(line=Line(COMB, 1e-3 * PEAKS)) < nodes()
    assert nodes(rectifier=Linear()) == 0


def test_many_rows_are_computed_in_parts():
    fast = array()
    copies = AT_ONCE // POWERS.size + 1
    many, few = volts(fast, jnp.tile(POWERS, (copies, 1))), volts(fast, POWERS)
    assert relative_error(many, jnp.tile(few, (copies, 1))) <= 1e-12


def test_seeds_map_over_detunings():
    fast = array()
    seeds = jnp.stack([jnp.asarray(DETUNING) * scale for scale in (1.0, -0.5, 0.2)])
    mapped = eqx.filter_jit(jax.vmap(lambda detuning: moved(fast, detuning)(POWERS)))
    for one, detuning in zip(mapped(seeds), seeds):
        assert relative_error(one, directly(moved(fast, detuning), POWERS)) <= 1.5e-5
    one_beyond = mapped(seeds.at[1, 0, 0].set(9.0))
    assert np.isnan(one_beyond[1]).all()
    np.testing.assert_array_equal(one_beyond[0], mapped(seeds)[0])
    stacked = moved(fast, 3 * seeds)
    assert not stacked.covered()
    assert stacked.prepared().covered()
    assert eqx.tree_equal(
        stacked.prepared().evaluation, moved(fast, 3 * DETUNING).prepared().evaluation
    )


@pytest.mark.parametrize("case", ["linear above", "linear below", "weak above"])
def test_parts_of_a_long_line_that_need_no_nodes_have_a_near_band(case):
    tones, middle = 160, 64
    line = Line.geometric(100e6, 100e6 * 1.02**159, tones, 1e-5)
    above = np.arange(tones) >= middle
    part = ~above if case == "linear below" else above
    fields = (
        {"rectification": np.where(part, 2e3, 6e7)}
        if case == "weak above"
        else {"nonlinear_shift": np.where(part, 0, 0.1), "nonlinear_damping": np.where(part, 0, 1)}
    )
    detuning = np.random.default_rng(2).uniform(-0.6, 0.6, (2, tones))
    fast = ResonatorArray(detuning, Resonator(line.frequencies, **fields), line)
    powers = some_powers(fast.peak_powers)
    assert fast.covered()
    assert fast.error() <= fast.tolerance
    assert relative_error(volts(fast, powers), directly(fast, powers)) <= fast.tolerance
    # Those that were negligible when it was prepared are not, once they are stronger.
    strong = eqx.tree_at(
        lambda array: array.resonators.rectification,
        fast,
        jnp.broadcast_to(6e7, jnp.shape(fast.resonators.rectification)),
    )
    assert strong.covered() == (case != "weak above")
