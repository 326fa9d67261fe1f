import hashlib
import json
import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rfjax
from rfjax.arrays import prepared
from rfjax.checks import InvalidInput
from rfjax.nn import Convolution, mlp, twin
from rfjax.rectifiers import Dynamic
from rfjax.training import Checkpoints, archive, ensemble, member
from tests.training.problem import train

LINE, SECOND = (rfjax.Line.geometric(50e6, 20e9, tones, 1e-5) for tones in (6, 4))


def perceptron(seed=0):
    return layers((3,), lines=LINE, key=jax.random.key(seed))


def layers(outputs, **options):
    return mlp(outputs, resonators=rfjax.Resonator(1e9), **{"spread": 0.3} | options)


def models():
    key = jax.random.key(1)
    multi = {"lines": [LINE, SECOND], "tolerance": None, "key": key}
    close = jnp.array([200e6, 210e6])
    yield "shared line", perceptron()
    yield "ensemble", ensemble([perceptron(0), perceptron(1)])
    yield "layers", layers((4, 3), **multi)
    yield "software", twin(layers((4, 3), **multi), key=key)
    line = rfjax.Line(jnp.array([1e9]), 1e-5)
    yield "filters", Convolution(jnp.ones((1, 1, 2)), rfjax.Resonator(line.frequencies), line)
    yield "schedule", Dynamic().scheduled(rfjax.Resonator(close), close, widest=1.0)
    yield "device", rfjax.Resonator(1e9, damping=[0.01, 0.02], symmetric=-0.0)
    yield "plain", {"kept": [1, True, None, "x", 2.5, -jnp.inf, float("inf"), np.float32(3)]}
    yield "key", (jax.random.key(3), jnp.asarray(-0.0), jnp.asarray(2), jnp.ones(2, jnp.bfloat16))


def assert_same(one, other):
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for ours, theirs in zip(*map(jax.tree.leaves, (one, other)), strict=True):
        assert type(ours) is type(theirs)
        if isinstance(ours, jax.Array):
            assert ours.dtype == theirs.dtype
            if jnp.issubdtype(ours.dtype, jax.dtypes.prng_key):
                ours, theirs = map(jax.random.key_data, (ours, theirs))
            assert ours.weak_type == theirs.weak_type
        np.testing.assert_array_equal(ours, theirs)


def test_every_kind_of_model_is_read_as_it_was_written(tmp_path):
    for name, model in models():
        assert_same(rfjax.load(rfjax.save(tmp_path / name, model)), model)


READ = """
import sys, jax, numpy as np
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # as the tests
import rfjax
network = rfjax.load(sys.argv[1])
np.save(sys.argv[2], network(jax.numpy.asarray(np.load(sys.argv[2]))))
"""


def test_a_trained_model_gives_the_same_bits_in_a_new_process(tmp_path):
    # Detunings that have left the range that was prepared: the same settings make other shapes.
    wide = eqx.tree_at(
        lambda model: model.layers[0].array.detuning, perceptron(), replace_fn=lambda x: 4 * x
    )
    model = prepared(wide)
    inputs = jnp.asarray(np.random.default_rng(0).uniform(size=(5, 6)))
    path, exchanged = rfjax.save(tmp_path / "wide.rfjax", model), tmp_path / "inputs.npy"
    np.save(exchanged, inputs)
    # The other process compiles as this one does; see conftest.
    same = os.environ | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    subprocess.run([sys.executable, "-c", READ, path, exchanged], check=True, env=same)
    np.testing.assert_array_equal(np.load(exchanged), model(inputs))


def test_a_member_of_what_was_trained_is_found_in_its_file(tmp_path):
    model, _ = train(epochs=1)
    read = rfjax.load(rfjax.save(tmp_path / "clouds.rfjax", model))
    assert_same(member(read, 1), member(model, 1))


@pytest.fixture
def refused(tmp_path):
    def call(path):
        with pytest.raises(InvalidInput) as caught:
            rfjax.load(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return call


def test_what_is_no_model_is_refused_in_one_line(tmp_path, refused):
    path = rfjax.save(tmp_path / "model.rfjax", rfjax.Resonator(1e9))
    content = path.read_bytes()
    for at in (0, 20, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        assert "damaged" in refused(path)
    path.write_bytes(content[:-1])
    assert "damaged" in refused(path)
    assert "cannot be read" in refused(tmp_path / "absent")
    assert "cannot be read" in refused(tmp_path)
    train(epochs=1, checkpoints=Checkpoints(tmp_path / "run"))
    assert "holds a checkpoint" in refused(tmp_path / "run" / "epoch-000001.rfjax")


@pytest.mark.parametrize(
    "model",
    [
        {"class": "subprocess:Popen", "fields": {"args": "true"}},
        {"class": "rfjax.cli.ending:os.system", "fields": {}},
        {"class": "rfjax.cli.evaluate:Path", "fields": {}},
        {"class": "rfjax.devices.resonator:np.ndarray", "fields": {}},
        {"class": "rfjax.checks:InvalidInput", "fields": {}},
        {"function": "os:system"},
        {"class": "rfjax.devices.resonator:Resonator", "fields": {"frequency": 1.0}},
        {"class": "rfjax.no_such_room:Resonator", "fields": {}},
        {"array": 7},
        {"code": "1"},
    ],
)
def test_nothing_else_is_imported_or_called(tmp_path, refused, model):
    path = tmp_path / "forged.rfjax"
    archive.write(path, {"kind": "model", "format": 1, "version": "0", "model": model}, [])
    assert "was written by rfjax 0 and does not fit" in refused(path)


def test_a_file_of_another_format_or_with_other_content_is_refused(tmp_path, refused):
    path = tmp_path / "model.rfjax"
    archive.write(path, {"kind": "model", "format": 2, "version": "9", "model": None}, [])
    assert "does not fit" in refused(path)
    for packed in (b"", b"notes", b"PK\x05\x06" + bytes(18)):
        checksum = hashlib.sha256(packed).hexdigest().encode()
        path.write_bytes(b"rfjax 1 sha256 " + checksum + b"\n" + packed)
        assert "was not written by rfjax" in refused(path)


def test_classes_are_named_where_users_find_them(tmp_path):
    path = rfjax.save(tmp_path / "model.rfjax", [rfjax.Resonator(1e9), perceptron()])
    named = json.dumps(archive.read(path)[0])
    assert '"rfjax:Resonator"' in named
    assert '"rfjax.nn:Network"' in named


def test_double_precision_is_not_rounded_unasked(tmp_path, refused):
    path = rfjax.save(tmp_path / "double.rfjax", rfjax.Resonator(1e9))
    with jax.enable_x64(False):
        assert "jax_enable_x64" in refused(path)


class Mine(eqx.Module):
    size: int = 1


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Mine(), "model is of the class Mine"),
        ([lambda x: x], r"model\[0\] is the function <lambda>"),
        ({"a": object()}, r"model\['a'\] is <object"),
        ({1: 2}, "model is {1: 2}"),
    ],
)
def test_what_could_not_be_read_is_not_written(tmp_path, model, said):
    with pytest.raises(InvalidInput, match=said):
        rfjax.save(tmp_path / "model.rfjax", model)
    assert not list(tmp_path.iterdir())


def test_only_files_of_its_own_are_replaced(tmp_path):
    path = tmp_path / "model.rfjax"
    path.write_text("notes")
    with pytest.raises(InvalidInput, match="no file of rfjax"):
        rfjax.save(path, rfjax.Resonator(1e9))
    path.unlink()
    rfjax.save(path, rfjax.Resonator(1e9))
    rfjax.save(path, rfjax.Resonator(2e9))
    assert rfjax.load(path).frequency == 2e9


def test_a_file_is_an_archive_that_other_programs_open(tmp_path):
    path = rfjax.save(tmp_path / "model.rfjax", rfjax.Resonator(1e9))
    (tmp_path / "model.npz").write_bytes(path.read_bytes().partition(b"\n")[2])
    with np.load(tmp_path / "model.npz") as held:
        content = json.loads(held["content"].tobytes())["content"]
        frequency = held[str(content["model"]["fields"]["frequency"]["array"])]
    assert frequency == 1e9


@pytest.mark.parametrize("kind", [">f8", ">i4", "<f4", "bfloat16", "uint8", "bool"])
def test_arrays_keep_their_values_whatever_their_byte_order(tmp_path, kind):
    values = np.array([1, 0, 3], jnp.dtype(kind) if kind == "bfloat16" else kind)
    layer = eqx.tree_at(lambda it: it.weight, eqx.nn.Linear(3, 1, key=jax.random.key(0)), values)
    found = rfjax.load(rfjax.save(tmp_path / "layer.rfjax", layer)).weight
    assert found.dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(np.asarray(found, float), np.asarray(values, float))


@pytest.mark.parametrize(
    "values",
    [np.ma.array([1.0, 2.0], mask=[0, 1]), np.array(["a"]), np.array([None]), np.zeros(1, "i4,f4")],
    ids=["masked", "words", "objects", "records"],
)
def test_arrays_that_are_no_plain_numbers_are_not_saved(tmp_path, values):
    layer = eqx.tree_at(lambda it: it.weight, eqx.nn.Linear(2, 1, key=jax.random.key(0)), values)
    with pytest.raises(InvalidInput, match="arrays of plain numbers can be saved"):
        rfjax.save(tmp_path / "layer.rfjax", layer)


def test_no_other_file_is_touched(tmp_path):
    (tmp_path / "model.rfjax.part").write_text("notes")
    rfjax.save(tmp_path / "model.rfjax", eqx.nn.Linear(2, 1, key=jax.random.key(0)))
    assert (tmp_path / "model.rfjax.part").read_text() == "notes"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["model.rfjax", "model.rfjax.part"]
    with pytest.raises(InvalidInput, match="give a path"):
        rfjax.save("a\0b", eqx.nn.Linear(2, 1, key=jax.random.key(0)))
