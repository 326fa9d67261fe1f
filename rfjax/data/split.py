"""Ways to divide the rows of a data set into training and test rows."""

import abc
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from rfjax.checks import InvalidInput, fraction, instance_of, positive_integer, random_key

Rows = tuple[Int[Array, " train"], Int[Array, " test"]]


class Split(eqx.Module):
    """A rule that divides rows; sizes are static, so it can be compiled and mapped over keys."""

    @abc.abstractmethod
    def __call__(self, epoch: int | Int[Array, ""], rows: int, *, key: PRNGKeyArray) -> Rows:
        """Which rows train and which test in one epoch.

        **Arguments:** `epoch`: counted from zero; `rows`: how many there are; `key`: the seed's
        own.

        **Returns:** indices of the training rows and of the test rows, no row in both.

        **Raises:** `InvalidInput` if one of the two would be empty.
        """


class FixedSplit(Split):
    """Drawn once for each key, the same in every epoch: no test row is ever trained on.

    **Arguments:** `test_fraction`: the share of rows that test, between 0 and 1.
    """

    test_fraction: float = eqx.field(
        static=True, converter=partial(fraction, "test_fraction"), default=0.25
    )

    def __call__(self, epoch: int | Int[Array, ""], rows: int, *, key: PRNGKeyArray) -> Rows:
        return _drawn(rows, self.test_fraction, key=key)


class RedrawnSplit(Split):
    """Drawn anew in every epoch, so that test rows were trained on before.

    Its test accuracy is too high. Published accuracies are reached with it; whether they were
    obtained so is not known.

    **Arguments:** `test_fraction`: the share of rows that test, between 0 and 1.
    """

    test_fraction: float = eqx.field(
        static=True, converter=partial(fraction, "test_fraction"), default=0.25
    )

    def __call__(self, epoch: int | Int[Array, ""], rows: int, *, key: PRNGKeyArray) -> Rows:
        key = jax.random.fold_in(random_key("key", key), epoch)
        return _drawn(rows, self.test_fraction, key=key)


class GivenSplit(Split):
    """For data that come divided: the first rows train, all later ones test.

    **Arguments:** `train`: how many rows train.
    """

    train: int = eqx.field(static=True, converter=partial(positive_integer, "train"))

    def __call__(self, epoch: int | Int[Array, ""], rows: int, *, key: PRNGKeyArray) -> Rows:
        return _divided(jnp.arange(positive_integer("rows", rows)), self.train)


class ValidationSplit(Split):
    """Divides the training rows of another split; its test rows are in neither part.

    Settings chosen by it are chosen without a look at the test rows. The last of the training rows
    validate: a drawn split has drawn their order, a given one should have no order of its own.

    **Arguments:** `split`: the other one; `fraction`: the share of its training rows that stand
    where test rows stand otherwise, between 0 and 1.
    """

    split: Split
    fraction: float = eqx.field(static=True, converter=partial(fraction, "fraction"), default=0.25)

    def __check_init__(self):
        instance_of("split", self.split, Split, "a split, as FixedSplit()")

    def __call__(self, epoch: int | Int[Array, ""], rows: int, *, key: PRNGKeyArray) -> Rows:
        train, _ = self.split(epoch, rows, key=key)
        return _divided(train, len(train) - round(len(train) * self.fraction))


def _drawn(rows: int, test_fraction: float, *, key: PRNGKeyArray) -> Rows:
    order = jax.random.permutation(random_key("key", key), positive_integer("rows", rows))
    return _divided(order, rows - round(rows * test_fraction))


def _divided(order: Int[Array, " rows"], train: int) -> Rows:
    if not 0 < train < len(order):
        raise InvalidInput(
            f"{train} of {len(order)} rows would train; both parts need at least one row"
        )
    return order[:train], order[train:]
