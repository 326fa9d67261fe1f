"""Parameters with constraints: nodes of a model, each of which stands for the value it computes.

A node takes the place of an array, or of a module, anywhere in a model. What trains is inside of
the node; `resolved` puts values where nodes stand.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from rfjax import checks
from rfjax.checks import InvalidInput, check_fit, finite, host_numbers, known, shown
from rfjax.numerics.parameters import AbstractParameter, computed, fixed
from rfjax.printing import quantity

_ROUNDING = 1e-5  # to which a value comes back, as a share of itself
_looked_up: ContextVar[tuple[Any, ...]] = ContextVar("looked_up", default=())


class Bounded(AbstractParameter):
    r"""A parameter that never leaves its bounds: a sigmoid of what trains.

    $v=l\,(h/l)^s$ between positive bounds, so that steps are relative ones, as suits damping,
    powers and sizes; $v=l+(h-l)\,s$ where a bound is zero or below. $s=1/(1+e^{-u})$, and $u$,
    without unit and of order one, is what trains.

    **Arguments:** `free` $u$; `low` $l$ and `high` $h$, of shapes that broadcast to that of $u$, in
    the unit of the value. Use `Bounded.of`.
    """

    free: Float[Array, "..."]
    low: Float[Array, "..."] = computed()
    high: Float[Array, "..."] = computed()

    @classmethod
    def of(cls, value: ArrayLike, low: ArrayLike, high: ArrayLike) -> "Bounded":
        """The parameter that has a value now.

        **Arguments:** `value`, of any shape, in SI units; `low` and `high`: what it stays between,
        of shapes that broadcast to that of the value.

        **Returns:** the parameter.

        **Raises:** `InvalidInput` where bounds do not rise, a value does not lie between them, or
        does not come back from its $u$ to 1e-5, as where bounds lie too far apart for the precision
        of arrays: to 1e-5 of itself, or of the larger bound where bounds have both signs,
            and not as zero.
        """
        if not known(value, low, high):
            raise InvalidInput(
                "a value or its bounds are not known inside of a compiled function; make Bounded "
                "outside of it"
            )
        with jax.ensure_compile_time_eval():
            return cls._of_known(value, low, high)

    @classmethod
    def _of_known(cls, value: ArrayLike, low: ArrayLike, high: ArrayLike) -> "Bounded":
        value, low, high = finite("value", value), finite("low", low), finite("high", high)
        for name, bound in {"low": low, "high": high}.items():
            check_fit(name, bound, value.shape, "one number, or one for each value")
        if not np.all(np.asarray(low) < np.asarray(high)):
            raise InvalidInput(
                f"low is {shown(low)} and high {shown(high)}; low must be below high"
            )
        numbers = (host_numbers("value", each).astype(np.float64) for each in (value, low, high))
        each, least, most = np.broadcast_arrays(*numbers)
        outside = ~((least < each) & (each < most))
        if outside.any():
            first = tuple(np.argwhere(outside)[0])
            raise InvalidInput(
                f"value is {each[first]:g}; it must lie between its bounds, {least[first]:g} and "
                f"{most[first]:g}, both excluded"
            )
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            rising = np.where(least > 0, np.log(each / least), each - least)
            left = np.where(least > 0, np.log(most / each), most - each)
            middle, half = most / 2 + least / 2, most / 2 - least / 2
            both = (least < 0) & (most > 0)
            free = np.where(
                both, 2 * np.arctanh((each - middle) / half), np.log(rising) - np.log(left)
            ).astype(value.dtype)
        made = cls(jnp.asarray(free), low, high)
        found = np.asarray(made.value(None))
        # Between bounds of both signs a value rounds as they do.
        size = np.where(both, np.maximum(abs(least), abs(most)), abs(each))
        lost = ~((abs(found - each) <= _ROUNDING * size) & np.isfinite(free))
        lost |= (found == 0) & (each != 0)
        if lost.any():
            first = tuple(np.argwhere(lost)[0])
            raise InvalidInput(
                f"value is {each[first]:g}, which comes back as {found[first]:g} from between "
                f"{least[first]:g} and {most[first]:g} in {value.dtype}; bring the bounds nearer "
                "to it, or use other units"
            )
        return made

    def value(self, model: Any) -> Float[Array, "..."]:
        """See `AbstractParameter.value`."""
        return _between(self.free, *jax.lax.stop_gradient((self.low, self.high)))

    def ends(self) -> tuple[Any, ...]:
        """See `AbstractParameter.ends`."""
        return tuple(jnp.broadcast_to(end, self.free.shape) for end in (self.low, self.high))

    def written(self, unit: str = "") -> str:
        """See `AbstractParameter.written`."""
        value, low, high = (quantity(v, unit) for v in (self.value(None), self.low, self.high))
        return f"{value} in [{low}, {high}]"


@jax.jit
def _between(free, low, high):
    up, down = jax.nn.sigmoid(free), jax.nn.sigmoid(-free)
    positive = low > 0
    # By halves of the way, since the ratio of two numbers may be none.
    ends = jnp.where(positive, low, 1), jnp.where(positive, high, 1)
    half = (jnp.sqrt(ends[1]) / jnp.sqrt(ends[0])) ** up
    # About a middle, whose neighbourhood keeps its digits; each half, since sums may overflow.
    centred = (high / 2 + low / 2) + (high / 2 - low / 2) * jnp.tanh(free / 2)
    straight = jnp.where((low < 0) & (high > 0), centred, low * down + high * up)
    inside = jnp.where(positive, ends[0] * half * half, straight)
    return jnp.clip(inside, low, high).astype(free.dtype)  # rounding may lead beyond


class Derived(AbstractParameter):
    """A value that is computed from other parameters, as a `Resonator` from a stack.

    **Arguments:** `function` of the arguments, which JAX can differentiate; `arguments`: parameters
    (`Bounded`, `Tied`, `Derived`), or modules in which there are some, and constants: arrays and
    numbers, which train only where `rfjax.nn.Network.with_trained` chooses them.

    **Raises:** `InvalidInput` for what is no function.
    """

    function: Callable[..., Any] = fixed()
    arguments: tuple[Any, ...] = fixed()

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.function = checks.function("function", function, "a function of the arguments")
        self.arguments = arguments

    def value(self, model: Any) -> Any:
        """See `AbstractParameter.value`."""
        return self.function(*_resolved(self.arguments, model))

    def written(self, unit: str = "") -> str:
        """See `AbstractParameter.written`."""
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return f"{name}({', '.join(quantity(each) for each in self.arguments)})"


class Tied(AbstractParameter):
    """What stands at another place of the same model: a value that several places share.

    **Arguments:** `path`: the names of fields and the places in tuples that lead there. Use
    `Tied.to`.
    """

    path: tuple[str | int, ...] = eqx.field(static=True)

    @classmethod
    def to(cls, where: Callable[[Any], Any]) -> "Tied":
        """The parameter that stands for what a function takes out of the model.

        **Arguments:** `where`: a function of the model that reads fields and places, as
        `lambda network: network.layers[0].array.line.frequencies`. Fields of a parameter on the
        way, as the `arguments` of a `Derived` one, are read before those of its value.

        **Raises:** `InvalidInput` where it does anything else.
        """
        checks.function("where", where, _WHERE)
        try:
            taken = where(_Path(()))
        except (AttributeError, LookupError, TypeError):
            _refuse()
        path = object.__getattribute__(taken, "_keys") if isinstance(taken, _Path) else None
        if not path:
            found = shown(taken) if path is None else "the model itself"
            raise InvalidInput(f"where returns {found}; give {_WHERE}")
        return cls(path)

    def value(self, model: Any) -> Any:
        """See `AbstractParameter.value`."""
        with self._looking_up(model):
            found = model
            for key in self.path:
                if key not in getattr(found, "__dataclass_fields__", {}):
                    found = _at(found, model)
                try:
                    found = getattr(found, key) if isinstance(key, str) else found[key]
                except (AttributeError, LookupError, TypeError) as error:
                    raise InvalidInput(
                        f"a parameter is tied to {self._described()}, which the model does not "
                        f"have ({error})"
                    ) from None
            return _resolved(found, model)

    @contextmanager
    def _looking_up(self, model: Any) -> Iterator[None]:
        """Refuse to look up a place while it is looked up, as in a circle of tied parameters."""
        place, others = (id(model), self.path), _looked_up.get()
        if place in others:
            raise InvalidInput(
                f"a parameter is tied to itself, at {self._described()}; tie it to what does not "
                "depend on it"
            )
        before = _looked_up.set((*others, place))
        try:
            yield
        finally:
            _looked_up.reset(before)

    def written(self, unit: str = "") -> str:
        """See `AbstractParameter.written`."""
        return f"Tied to {self._described()}"

    def _described(self) -> str:
        return "".join(f".{key}" if isinstance(key, str) else f"[{key}]" for key in self.path)


_WHERE = "a function as lambda network: network.layers[0].array.line.frequencies"


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise InvalidInput(
        f"where does more than to read fields and places by their names; give {_WHERE}"
    )


class _Path:
    """What records which fields and places are read, and does nothing else."""

    def __init__(self, keys: tuple[str | int, ...]):
        object.__setattr__(self, "_keys", keys)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            _refuse()
        return _Path((*object.__getattribute__(self, "_keys"), name))

    def __getitem__(self, place: Any) -> "_Path":
        if not isinstance(place, int) or isinstance(place, bool):
            raise InvalidInput(f"where reads [{shown(place)}]; places in tuples are whole numbers")
        return _Path((*object.__getattribute__(self, "_keys"), place))

    # Without these, Python would go on with a truth value, or for ever with places.
    __bool__ = __iter__ = __contains__ = __call__ = __setattr__ = _refuse
    __eq__ = __ne__ = _refuse


def resolved(model: Any) -> Any:
    """A model with values in place of the nodes that stand for them.

    What `Tied` parameters are tied to is looked up in this model.

    **Arguments:** `model`: any tree of modules, as a `rfjax.nn.Network`.

    **Returns:** the model; itself if there are no nodes in it.
    """
    if not any(map(is_parameter, jax.tree.leaves(model, is_leaf=is_parameter))):
        return model
    return _resolved(model, model)


def is_parameter(part: Any) -> bool:
    """Whether a part of a model is a node that stands for a value."""
    return isinstance(part, AbstractParameter)


def _resolved(part: Any, model: Any) -> Any:
    return jax.tree.map(lambda each: _at(each, model), part, is_leaf=is_parameter)


def _at(part: Any, model: Any) -> Any:
    return part.value(model) if isinstance(part, AbstractParameter) else part
