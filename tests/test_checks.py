import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax import checks
from rfjax.checks import InvalidInput


def test_it_is_a_value_error_of_the_package():
    assert issubclass(InvalidInput, ValueError)


@pytest.mark.parametrize("check", [checks.finite, checks.positive, checks.non_negative])
def test_numbers_become_float_arrays(check):
    assert check("x", 3).dtype == jnp.result_type(float)
    assert check("x", np.float32(3)).dtype == np.float32
    assert check("x", jnp.ones(2, jnp.bfloat16)).dtype == np.float32
    assert check("x", np.arange(1, 4)).dtype == jnp.result_type(float)
    assert check("x", np.zeros((0, 2))).shape == (0, 2)
    np.testing.assert_array_equal(check("x", np.array([1.5, 2.5])), [1.5, 2.5])


@pytest.mark.parametrize("check", [checks.finite, checks.positive, checks.non_negative])
def test_plain_numbers_take_the_precision_of_arrays(check):
    single = np.ones(2, np.float32)
    for value in (0.1, 3, 5_000_000_000):
        assert (check("x", value) * single).dtype == np.float32
    assert (check("x", np.float64(0.1)) * single).dtype == np.float64


@pytest.mark.parametrize("check", [checks.finite, checks.positive, checks.non_negative])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(check, value):
    with pytest.raises(InvalidInput, match=f"^x.* is {value}; it must be finite"):
        check("x", value)
    with pytest.raises(InvalidInput, match=f"^x.* is {value}; it must be finite"):
        check("x", np.array([[1.0, value]]))


def test_signs_are_checked():
    assert checks.finite("x", -1.0) == -1
    assert checks.non_negative("x", 0.0) == 0
    with pytest.raises(InvalidInput, match="^x.* is -2.0; it must be finite and zero or above$"):
        checks.non_negative("x", np.array([1.0, -2.0]))
    with pytest.raises(InvalidInput, match="^x.* is 0.0; it must be finite and above zero$"):
        checks.positive("x", 0.0)


@pytest.mark.parametrize(
    "value", [5_000_000_000, np.array([5_000_000_000]), np.uint64(5_000_000_000), [5_000_000_000]]
)
def test_whole_numbers_do_not_wrap_round(value):
    with jax.enable_x64(False):
        assert np.all(np.asarray(checks.positive("x", value)) == np.float32(5e9))
        assert np.all(np.asarray(checks.finite("x", -np.asarray(value, float))) == -np.float32(5e9))


@pytest.mark.parametrize(
    "value", [np.array([3e9], ">f8"), np.array(3e9, ">f4"), np.longdouble(3e9)]
)
def test_other_byte_orders_and_longer_numbers_are_numbers_too(value):
    with jax.enable_x64(False):
        assert np.all(np.asarray(checks.positive("x", value)) == np.float32(3e9))


@pytest.mark.parametrize("value", [1e300, 1e-300, 10**400])
def test_what_the_precision_cannot_hold_is_refused(value):
    with jax.enable_x64(False), pytest.raises(InvalidInput, match="^x is "):
        checks.positive("x", value)


@pytest.mark.parametrize(
    "value",
    ["1", None, True, [1, None], [1, "2"], [[1], [1, 2]], np.array([True]), np.array(["1"]), {}],
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InvalidInput, match="^x is .*; it must be a number or an array of numbers$"):
        checks.finite("x", value)


def test_masked_entries_are_refused():
    with pytest.raises(InvalidInput, match="^x has masked entries"):
        checks.finite("x", np.ma.array([1.0, 2.0], mask=[False, True]))


@pytest.mark.parametrize("kind", [float, np.float32, np.float64, jnp.float32])
def test_a_message_has_the_digits_of_the_precision(kind):
    for check in (checks.positive, checks.positive_number, checks.positive_integer):
        with pytest.raises(InvalidInput, match="^x.* is -1e-05; it must be"):
            check("x", kind(-1e-5))
    with pytest.raises(InvalidInput, match="^x.* is -1e-05; it must be"):
        checks.positive("x", np.full(2, -1e-5, np.dtype(kind)))


def test_a_message_is_one_short_line():
    for value in (np.zeros((40, 40)), "a" * 1000, "a\nb", 10**4000, list(range(1000)), object()):
        text = checks.shown(value)
        assert len(text) <= 70
        assert "\n" not in text


def test_a_key_is_a_key():
    key = jax.random.key(3)
    assert checks.random_key("key", key) == key
    assert checks.random_key("key", jax.random.PRNGKey(3)) == key
    for bad in (0, None, jax.random.split(key), np.zeros(2, np.uint32), jnp.zeros(2)):
        with pytest.raises(InvalidInput, match="^key is .*; give one key"):
            checks.random_key("key", bad)


def test_complex_numbers_are_refused():
    with pytest.raises(InvalidInput, match="^x is complex; it must be real$"):
        checks.finite("x", 1j)


@pytest.mark.parametrize(
    ("check", "bad"),
    [(checks.finite, np.inf), (checks.positive, 0.0), (checks.non_negative, -1.0)],
)
def test_inside_of_a_program_what_is_not_allowed_is_nan_and_nothing_else(check, bad):
    checked = jax.jit(lambda value: check("x", value))
    np.testing.assert_array_equal(checked(np.array([2.0, bad, 3.0])), [2, np.nan, 3])
    slope = jax.jit(jax.grad(lambda value: jnp.nansum(check("x", value) ** 2)))
    np.testing.assert_array_equal(slope(np.array([2.0, 3.0])), [4, 6])
    assert jax.vmap(checked)(np.array([2.0, bad]))[0] == 2
    # Where a derivative alone is taken, values are known.
    with pytest.raises(InvalidInput, match="^x has a value outside what is allowed: finite"):
        jax.grad(lambda value: check("x", value) ** 2)(bad)


def test_a_switch_tells_what_a_program_found_wrong():
    def found(value):
        return jax.lax.fori_loop(0, 3, lambda _, sum: sum + checks.positive("x", value), 0.0)

    programs = [
        jax.jit(found),
        jax.jit(jax.grad(found)),
        jax.jit(lambda value: jax.vmap(found)(value * np.ones(3)).sum()),
    ]
    for program in programs:
        assert np.isnan(program(-1.0)) or program is programs[1]
        with checks.checks_in_jit():
            assert np.isfinite(program(1.0))
        with (
            pytest.raises(
                InvalidInput, match="^inside of a compiled program: x has a value .* above zero$"
            ),
            checks.checks_in_jit(),
        ):
            program(-1.0)
        assert "callback" not in program.lower(1.0).as_text()


@pytest.mark.parametrize("value", [3, 0.1, np.float32(0.1), np.array(7), np.uint8(200)])
def test_a_number_stays_what_it_is(value):
    number = checks.positive_number("x", value)
    assert number == value
    assert type(number) is float


def test_a_number_keeps_its_digits_in_single_precision_and_inside_of_compiled_functions():
    known = jnp.array(0.5)

    @jax.jit
    def function(other):
        return other * checks.positive_number("x", 1e-9) * checks.positive_number("x", known)

    assert function(2.0) == 1e-9
    with jax.enable_x64(False):
        assert checks.positive_number("x", 1e-9) == 1e-9
        assert checks.positive_number("x", 1e300) == 1e300


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0, 0.0, -1, -1e-300, np.float32(-2)])
def test_a_number_is_finite_and_above_zero(value):
    with pytest.raises(InvalidInput, match=f"^x.* is {float(value)}; it must be finite and above"):
        checks.positive_number("x", value)


@pytest.mark.parametrize(
    "value", [True, np.True_, 1j, np.ones(1), np.ones((2, 2)), jnp.ones(3), np.zeros(0)]
)
def test_a_number_is_one_and_real(value):
    with pytest.raises(
        InvalidInput,
        match=r"^x is .*; it must be (one real number|real|a number or an array of numbers)$",
    ):
        checks.positive_number("x", value)


@pytest.mark.parametrize(
    ("transformation", "value"), [(jax.jit, 2.0), (jax.grad, 2.0), (jax.vmap, np.ones(2))]
)
def test_a_number_is_not_traced(transformation, value):
    with pytest.raises(InvalidInput, match="^x is not known before compilation"):
        transformation(lambda value: checks.positive_number("x", value))(value)


@pytest.mark.parametrize("value", [0, -1, 2.5, "three", True, None])
def test_counts_are_whole_numbers_above_zero(value):
    with pytest.raises((InvalidInput, TypeError), match="count"):
        checks.positive_integer("count", value)


def test_counts_of_numpy_are_taken():
    count = checks.positive_integer("count", 7)
    assert count == 7
    assert type(count) is int


def test_words_are_checked():
    assert checks.one_of("branch", "lower", ("lower", "upper")) == "lower"
    with pytest.raises(InvalidInput, match="^branch is 'up'; it must be one of lower, upper$"):
        checks.one_of("branch", "up", ("lower", "upper"))


def test_shapes_are_broadcast_or_named():
    assert checks.broadcast_shape(a=(4, 1), b=(3,), c=()) == (4, 3)
    with pytest.raises(InvalidInput, match=r"a \(4,\), b \(3,\)"):
        checks.broadcast_shape(a=(4,), b=(3,))
