"""The training loop: one compiled call an epoch, for all seeds at once."""

import contextlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeGuard

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Bool, Float, Int, Key

from rfjax.arrays.preparation import ROOM
from rfjax.checks import (
    InvalidInput,
    function,
    instance_of,
    positive_integer,
    random_key,
    shown,
)
from rfjax.compilation import compilation_time, use_persistent_cache
from rfjax.numerics.keys import with_key
from rfjax.numerics.parametrisation import resolved
from rfjax.training.checked import check_loss, checked_ensemble, checked_rows
from rfjax.training.checkpoint import LAST_EPOCH, Checkpoints
from rfjax.training.co_design import (
    all_covered,
    check_allowed,
    covered_in_training,
    prepared_ensemble,
)
from rfjax.training.ensemble import Frame, ensemble, member
from rfjax.training.evaluation import all_logits
from rfjax.training.identity import identity_of
from rfjax.training.loss import Loss, classification, cross_entropy
from rfjax.training.metrics import History, Metrics, accuracy

_WIDER = 3.0  # room for detunings that have left their range: each range more is compiled
_MOST_RANGES = 20  # that an epoch is begun with
_NOTED = 0.3  # seconds of compilation, from which on it is worth a word
Split = Callable[..., tuple[Int[Array, "..."], Int[Array, "..."]]]


class State(eqx.Module):
    """What changes in training: the trained arrays, by name, and the optimiser's memory."""

    parameters: dict[str, Float[Array, "..."]]
    optimiser: Any


class _Ranges(NamedTuple):
    """What arrays are prepared for: some parameters, and whether a range was left before."""

    parameters: dict[str, Float[Array, "..."]]
    left: Bool[Array, ""]


class _Epoch(NamedTuple):
    """State and metrics after an epoch; for each seed whether all is finite, and was covered."""

    state: State
    metrics: Metrics
    finite: Bool[Array, "*seeds"]
    covered: Bool[Array, "*seeds"]


class _Run(eqx.Module):
    """What one epoch needs and leaves unchanged; large arrays reach the program as arguments."""

    frame: Frame
    inputs: Float[Array, "rows ..."]
    labels: Int[Array, " rows"]
    keys: Key[Array, " seeds"]
    split: Split
    optimiser: optax.GradientTransformation
    loss: Loss
    batch_size: int
    at_once: int

    def prepared_for(self, ranges: "_Ranges") -> "_Run":
        """The same with arrays that are prepared for some parameters, which are not kept."""
        room = _WIDER if np.any(ranges.left) else ROOM
        frame = prepared_ensemble(self.frame, ranges.parameters, loss=self.loss, room=room)
        return eqx.tree_at(lambda run: run.frame, self, frame)


def fit(
    model: Any,
    inputs: ArrayLike,
    labels: ArrayLike,
    *,
    split: Split,
    keys: Array | Sequence[Array],
    epochs: int,
    batch_size: int,
    optimiser: optax.GradientTransformation,
    loss: Loss = classification,
    at_once: int | None = None,
    checkpoints: Checkpoints | None = None,
    on_epoch: Callable[[int, Metrics], None] | None = None,
    on_compile: Callable[[float], None] | None = None,
) -> tuple[Any, History]:
    """Train an ensemble of classifiers by cross-entropy, each seed on its own split and batches.

    Or one network, with one key: it is an ensemble of one, and comes back without an axis of seeds.

    Epoch e of a seed depends on its key and on e alone, so a run that was killed and resumed ends
    as one that was not. Each epoch draws a new order of the train rows; what is left over after
    the last whole batch waits for another epoch. Metrics are taken at the end of each epoch.

    An epoch is one compiled program, which is kept in the user's cache directory
    (`rfjax.compilation`). Where detunings leave the range that arrays are prepared for, a wider one
    is prepared and the epoch begins anew, which compiles once more.

    **Arguments:** `model`: from `ensemble`, with the trained arrays stacked over the seeds, called
    as `model(inputs)` → logits (*batch, classes); `inputs`: (rows, *features); `labels`: the class
    of each row, counted from 0; `split`: `split(epoch, rows, key=key)` → (train rows, test rows);
    `keys`: one a seed, or one for one network; `epochs`: how many in all, those of a resumed run
    included; `batch_size`: rows a step; `optimiser`: from optax, whose schedules count steps;
    `loss`: `loss(model, inputs, labels)` of a batch, a scalar, cross-entropy if none is given, as
    `Penalised` with what a network costs; one that declares `key` is given one for each step, as
    metrics are for models that draw at random; one with a method `drawn(model)` gives the
    resonators that arrays are prepared for besides, a list with one `rfjax.arrays.Tuned` for each
    array, as `rfjax.hardware.NoiseAware`, and with `covered(model)` whether that holds, as
    `rfjax.hardware.GivenChip`; metrics are of cross-entropy of the model, whatever trains;
    `at_once`: how many seeds take each step together while the others wait for their turn in the
    same epoch, all if none is given; fewer need less memory; `checkpoints`: where to save, if at
    all; `on_epoch`: called with the epoch's number, from 1, and its metrics; `on_compile`: called
    with the seconds that compilation took, each time.

    **Returns:** (trained ensemble, or network; history).

    **Raises:** `InvalidInput` if the arguments do not fit together, if the checkpoint to resume
    from cannot be used, or if an epoch ends with numbers that are not finite: the newest checkpoint
    is of the epoch before; `NotSaved` if a checkpoint cannot be written.
    """
    if _is_one_key(keys):
        trained, history = fit(
            ensemble([model]),
            inputs,
            labels,
            split=split,
            keys=[keys],
            epochs=epochs,
            batch_size=batch_size,
            optimiser=optimiser,
            loss=loss,
            at_once=at_once,
            checkpoints=checkpoints,
            on_epoch=on_epoch,
            on_compile=on_compile,
        )
        return member(trained, 0), history
    epochs = positive_integer("epochs", epochs, LAST_EPOCH)
    function("split", split, "a split, as FixedSplit()")
    what = "an optimiser of optax, as optax.adam(1e-3)"
    instance_of("optimiser", optimiser, optax.GradientTransformation, what)
    if checkpoints is not None:
        instance_of("checkpoints", checkpoints, Checkpoints, "Checkpoints(directory)")
    if on_epoch is not None:
        function("on_epoch", on_epoch, "a function of an epoch's number and its metrics")
    if on_compile is not None:
        function("on_compile", on_compile, "a function of seconds")
    use_persistent_cache()
    parameters, frame = checked_ensemble(model)
    keys = _checked_keys(keys, parameters)
    inputs, labels = checked_rows(parameters, frame, inputs, labels, key=keys[0])
    batch_size = positive_integer("batch_size", batch_size)
    at_once = len(keys) if at_once is None else positive_integer("at_once", at_once)
    check_loss(loss, frame, parameters, inputs, labels, key=keys[0])
    run = _Run(frame, inputs, labels, keys, split, optimiser, loss, batch_size, at_once)
    check_batches(split, len(labels), batch_size, key=keys[0])
    _check_optimiser(optimiser, {name: leaf[0] for name, leaf in parameters.items()})
    # Typed, so that it compiles once.
    parameters = jax.tree.map(lambda leaf: jnp.asarray(leaf, leaf.dtype), parameters)
    state = State(parameters, jax.vmap(optimiser.init)(parameters))
    # What the arrays are prepared for belongs to the run: resumed, it computes the same bits.
    ranges = _Ranges(parameters, jnp.asarray(False))

    identity = identity_of(run, state.parameters, state.optimiser) if checkpoints else {}
    found = checkpoints.start((state, ranges), identity, epochs) if checkpoints else None
    past: list[Metrics] = []
    if found:
        (state, ranges), history = found
        past = [history[epoch] for epoch in range(len(history))]

    saving = checkpoints.saving(identity) if checkpoints else contextlib.nullcontext()
    with saving as offer:
        run = run.prepared_for(ranges)
        for epoch in range(len(past), epochs):
            run, ended, ranges = _one_epoch(run, epoch, state, ranges, on_compile)
            state = ended.state
            past.append(ended.metrics)
            if offer:
                offer((state, ranges), History.of(past))
            if on_epoch:
                on_epoch(epoch + 1, past[-1])
    return run.frame.filled(state.parameters), History.of(past)


def _one_epoch(
    run: _Run, epoch: int, state: State, ranges: _Ranges, on_compile: Callable[[float], None] | None
) -> tuple[_Run, _Epoch, _Ranges]:
    """One epoch, counted from zero, whose numbers are finite, and what it was prepared for.

    **Raises:** `InvalidInput` where they are not.
    """
    too_far = InvalidInput(
        f"in epoch {epoch + 1} of the training devices or tones change by more than a fast "
        "evaluation can be prepared for at once (damping by 5 % down or 10 % up, other fields and "
        "the spacing of tones by 10 %, in one epoch and between seeds; tones where a parameter "
        "stands for the line, as Derived(Line.geometric, ...)); lower their learning rate, as "
        "by optax.partition, train one seed at a time, or give the arrays tolerance=None"
    )
    for _ in range(_MOST_RANGES):
        with compilation_time() as spent:
            ended = _epoch(run, jnp.asarray(epoch), state)
            covered = np.asarray(ended.covered)
        if on_compile and spent.seconds > _NOTED:
            on_compile(spent.seconds)
        # Numbers that are not finite have no range: they are told below.
        if covered.all() or not np.all(ended.finite):
            break
        # Seeds stand where they left the range: prepared for that, the epoch begins anew.
        now = _Ranges(ended.state.parameters, jnp.asarray(True))
        if jax.tree.all(jax.tree.map(np.array_equal, ranges, now)):
            raise InvalidInput(
                f"in epoch {epoch + 1} of the training the arrays have parameters that they cannot "
                "be prepared for; lower the learning rate"
            )
        ranges = now
        run = run.prepared_for(ranges)
        if not all_covered(run.frame, state.parameters, loss=run.loss):
            raise too_far
    else:
        raise too_far
    metrics = jax.tree.map(np.asarray, ended.metrics)
    finite = np.asarray(ended.finite)
    finite = finite & np.isfinite(metrics.train_loss) & np.isfinite(metrics.test_loss)
    if not finite.all():
        raise InvalidInput(
            f"training diverged in epoch {epoch + 1}: loss or parameters of seed "
            f"{int(np.argmin(finite))} are not finite; lower the learning rate, or see "
            "what a loss of your own, or a penalty, does there"
        )
    check_allowed(run.frame, ended.state.parameters, f"after epoch {epoch + 1} of the training")
    return run, ended._replace(metrics=metrics), ranges


@eqx.filter_jit
def _epoch(run: _Run, epoch: Int[Array, ""], state: State) -> _Epoch:
    def of_one_seed(seed):
        return _epoch_of_one_seed(run, epoch, *seed)

    if run.at_once == 1:  # without an axis of one seed, which some derivatives are slower for
        return jax.lax.map(of_one_seed, (run.keys, state))
    return jax.lax.map(of_one_seed, (run.keys, state), batch_size=run.at_once)


def _epoch_of_one_seed(run: _Run, epoch, key, state: State) -> _Epoch:
    train, test = run.split(epoch, len(run.labels), key=key)
    epoch_key = jax.random.fold_in(key, epoch)
    order_key, measured_key, step_key = (jax.random.fold_in(epoch_key, n) for n in (1, 2, 3))
    steps = len(train) // run.batch_size
    order = jax.random.permutation(order_key, train)[: steps * run.batch_size]

    def step(state: State, at):
        rows, number = at
        # A state that the arrays are not prepared for stays, and is found at the end.
        model = run.frame.filled(state.parameters)
        fits = covered_in_training(model, run.loss)

        def loss(parameters):
            filled = resolved(run.frame.filled(parameters))
            drawn = jax.random.fold_in(step_key, number)
            return with_key(run.loss, filled, run.inputs[rows], run.labels[rows], key=drawn)

        value, gradient = jax.value_and_grad(loss)(state.parameters)
        updates, memory = run.optimiser.update(gradient, state.optimiser, state.parameters)
        after = State(eqx.apply_updates(state.parameters, updates), memory)
        state = jax.tree.map(lambda new, old: jnp.where(fits, new, old), after, state)
        return state, jnp.isfinite(value) | ~fits

    batches = order.reshape(steps, run.batch_size), jnp.arange(steps)
    state, losses_finite = jax.lax.scan(step, state, batches)
    model = run.frame.filled(state.parameters)
    logits = all_logits(model, run.inputs, key=measured_key)
    measured = [
        measure(logits[rows], run.labels[rows])
        for rows in (train, test)
        for measure in (cross_entropy, accuracy)
    ]
    finite = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(state.parameters)]
    finite = jnp.stack([*finite, losses_finite.all()]).all()
    return _Epoch(state, Metrics(*measured), finite, covered_in_training(model, run.loss))


def _is_one_key(keys: Any) -> TypeGuard[Array]:
    """Whether it is a single key of `jax.random`, typed or raw."""
    if not isinstance(keys, jax.Array):
        return False
    typed = jnp.issubdtype(keys.dtype, jax.dtypes.prng_key)
    return keys.ndim == 0 if typed else keys.dtype == jnp.uint32 and keys.shape == (2,)


def _checked_keys(keys, parameters) -> Key[Array, " seeds"]:
    """One key a seed, as an array of typed keys."""
    what = "one key a seed, as jax.random.split(jax.random.key(0), seeds)"
    if isinstance(keys, list | tuple) and keys:
        keys = jnp.stack([random_key("keys", key) for key in keys])
    keys = instance_of("keys", keys, jax.Array, what)
    if keys.dtype == jnp.uint32 and keys.ndim == 2 and keys.shape[1] == 2:
        keys = jax.random.wrap_key_data(keys)
    if not jnp.issubdtype(keys.dtype, jax.dtypes.prng_key):
        raise InvalidInput(f"keys is {shown(keys)}; give {what}")
    name, leaf = next(iter(parameters.items()))
    if keys.shape != leaf.shape[:1]:
        raise InvalidInput(
            f"keys have shape {keys.shape} and the trained array {name} {leaf.shape}; "
            "stack one model a seed with ensemble() and give one key a seed, or one network and "
            "one key"
        )
    return keys


def check_batches(split: Split, rows: int, batch_size: int, *, key: Key[Array, ""]) -> None:
    """Refuse a split or a batch size that do not fit the rows, before anything is made for them.

    **Arguments:** `split`; `rows`: how many there are; `batch_size`; `key` of a seed.

    **Raises:** `InvalidInput` if fewer rows train than are in a batch, or if the split gives
    something else than rows.
    """
    batch_size = positive_integer("batch_size", batch_size)
    try:
        inspect.signature(split).bind(0, rows, key=key)
    except TypeError as error:
        raise InvalidInput(
            f"split cannot be called as split(epoch, rows, key=key): {error}"
        ) from None
    found = eqx.filter_eval_shape(split, jnp.asarray(0), rows, key=key)
    shapes = [getattr(part, "shape", None) for part in found] if isinstance(found, tuple) else []
    if len(shapes) != 2 or any(shape is None or len(shape) != 1 for shape in shapes):
        raise InvalidInput(
            "split gives something else than the pair (train rows, test rows) of arrays (rows,)"
        )
    train, _ = found
    if batch_size > len(train):
        raise InvalidInput(
            f"batch_size is {batch_size} but only {len(train)} rows train; give at most that"
        )
    for name, part in zip(("train", "test"), split(jnp.asarray(0), rows, key=key)):
        part = np.asarray(part)
        whole = np.issubdtype(part.dtype, np.integer) and part.size > 0
        if not whole or part.min() < 0 or part.max() >= rows:
            raise InvalidInput(
                f"the {name} rows of split are {shown(part)}; give one or more whole numbers "
                f"from 0 to {rows - 1}"
            )


def _check_optimiser(optimiser: optax.GradientTransformation, parameters: Any) -> None:
    """Refuse an optimiser that needs more than gradients; nothing is computed."""

    def step(parameters):
        return optimiser.update(parameters, optimiser.init(parameters), parameters)[0]

    try:
        jax.eval_shape(step, parameters)
    except Exception as error:  # what optimisers raise is theirs alone
        said = str(error).splitlines()[:1] or [""]
        raise InvalidInput(
            f"the optimiser takes no step from gradients alone ({type(error).__name__}: "
            f"{said[0][:80]}); give one that does, as optax.adam(1e-3)"
        ) from None
