import functools
import gzip
import hashlib
import http.server
import os
import shutil
import sys
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import GivenSplit, ValidationSplit, load_mnist, mnist
from tests.data.files import idx

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = mnist.SHAPES
GIVEN = os.environ.get("RFJAX_DATA")
# MD5 of the original files, not compressed.
MD5 = {
    IMAGES: "6bbc9ace898e44ae57da46a324031adb",
    LABELS: "a25bea736e30d166cdddb491f175f624",
    TEST_IMAGES: "2646ac647ad5339dbf082846283269ea",
    TEST_LABELS: "27ae3e4e09519cfbb04c329615203637",
}


def made_up(name):
    """An array of the shape that a file of MNIST has; the first pixel of an image numbers it."""
    array = np.zeros(mnist.SHAPES[name], np.uint8)
    if array.ndim == 1:
        return (np.arange(len(array)) % 10).astype(np.uint8)
    array[:, 0, 0] = np.arange(len(array)) % 256
    return array


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A directory with files of the right names, types and shapes, and made-up digits."""
    directory = tmp_path_factory.mktemp("complete")
    for name in mnist.SHAPES:
        (directory / f"{name}.gz").write_bytes(gzip.compress(idx(made_up(name)), 1, mtime=0))
    return directory


@pytest.fixture
def directory(complete, tmp_path):
    """The same, to be spoiled."""
    return Path(shutil.copytree(complete, tmp_path / "copied"))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A user without the variable, without files in the cache and without a network."""
    monkeypatch.delenv("RFJAX_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/one/", "http://127.0.0.1:9/two/"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "rfjax" / "mnist"


@pytest.fixture
def mirror(complete, monkeypatch):
    """A server of the made-up files, behind a mirror that does not answer; what it was asked."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, form, *values):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=complete)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/", address))
        yield asked
        server.shutdown()


@pytest.fixture
def checksums(complete, monkeypatch):
    """The checksums of the made-up files instead of those of MNIST."""
    for name in mnist.SHAPES:
        checksum = hashlib.sha256((complete / f"{name}.gz").read_bytes()).hexdigest()
        monkeypatch.setitem(mnist.CHECKSUMS, name, checksum)


def is_made_up(found):
    images, labels, test_images, test_labels = found
    assert (images.shape, test_images.shape) == ((60000, 784), (10000, 784))
    assert images.dtype == test_images.dtype == jnp.float32
    assert labels.dtype == test_labels.dtype == jnp.int32
    np.testing.assert_array_equal(images[:, 0], np.float32(np.arange(60000) % 256 / 255))
    assert float(test_images[:, 1:].max()) == 0.0
    np.testing.assert_array_equal(labels, np.arange(60000) % 10)
    np.testing.assert_array_equal(test_labels, np.arange(10000) % 10)
    return True


def test_digits_are_the_original_ones():
    if not GIVEN:
        pytest.skip("no MNIST: set RFJAX_DATA to a directory that holds it")
    if not any(Path(GIVEN).rglob("train-images*")):
        pytest.skip(f"no MNIST in {GIVEN}, which RFJAX_DATA names")
    found = load_mnist(GIVEN)
    for name, array in zip(mnist.SHAPES, found, strict=True):
        scale = 255 if "images" in name else 1
        array = np.rint(np.asarray(array) * scale).astype(np.uint8).reshape(mnist.SHAPES[name])
        assert hashlib.md5(idx(array)).hexdigest() == MD5[name]
    assert (float(found.train_images.min()), float(found.train_images.max())) == (0.0, 1.0)


def test_a_directory_or_the_folder_mnist_in_it(complete, tmp_path):
    assert is_made_up(load_mnist(complete))
    (tmp_path / "mnist").symlink_to(complete)
    assert is_made_up(load_mnist(str(tmp_path)))


def test_the_argument_goes_before_the_variable_and_that_before_the_cache(
    complete, tmp_path, monkeypatch
):
    monkeypatch.setenv("RFJAX_DATA", str(tmp_path / "absent"))
    assert is_made_up(load_mnist(complete))
    with pytest.raises(InvalidInput, match="absent is not a directory"):
        load_mnist()
    monkeypatch.setenv("RFJAX_DATA", str(complete))
    assert is_made_up(load_mnist())
    monkeypatch.setenv("RFJAX_DATA", "")
    with pytest.raises(InvalidInput, match="cannot be downloaded"):
        load_mnist()


def test_names_with_a_dot_files_not_compressed_and_folders_named_like_them(directory):
    for name, dot, packed in [(IMAGES, True, True), (LABELS, True, False), (TEST_LABELS, 0, 0)]:
        file = directory / f"{name}.gz"
        content = file.read_bytes() if packed else gzip.decompress(file.read_bytes())
        file.unlink()
        name = name.replace("-idx", ".idx") if dot else name
        (directory / f"{name}.gz" if packed else directory / name).write_bytes(content)
    (directory / IMAGES).mkdir()
    assert is_made_up(load_mnist(directory))


def test_a_missing_file_is_named(directory):
    (directory / f"{TEST_LABELS}.gz").unlink()
    with pytest.raises(InvalidInput, match=f"copied lacks {TEST_LABELS} of MNIST"):
        load_mnist(directory)
    with pytest.raises(InvalidInput, match=f"lacks {IMAGES}, {LABELS}, .* or name it in the"):
        load_mnist(directory.parent)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (LABELS, np.zeros(59999, "u1"), r"uint8 of shape \(59999,\); .* of shape \(60000,\)"),
        (TEST_LABELS, np.full(10000, 10, "u1"), "label 10; those of MNIST are 0 to 9"),
        (TEST_LABELS, np.zeros(10000, "i1"), r"int8 of shape \(10000,\); .* is uint8"),
        (TEST_IMAGES, np.zeros((10000, 28, 27), "u1"), r"\(10000, 28, 27\)"),
        (TEST_IMAGES, np.zeros((10000, 784), "u1"), r"\(10000, 784\)"),
        (IMAGES, np.zeros((2, 28, 28), "u1"), r"\(2, 28, 28\)"),
        (IMAGES, np.zeros((90000, 28, 28), "u1"), "more than the limit"),
    ],
)
def test_a_file_of_something_else_is_refused_by_name(directory, name, array, message):
    (directory / f"{name}.gz").write_bytes(gzip.compress(idx(array), 1))
    with pytest.raises(InvalidInput, match=message) as raised:
        load_mnist(directory)
    assert f"{name}.gz" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_images_in_the_place_of_labels_and_a_damaged_file_are_refused(directory):
    content = (directory / f"{TEST_IMAGES}.gz").read_bytes()
    (directory / f"{TEST_LABELS}.gz").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"shape \(10000, 28, 28\)"):
        load_mnist(directory)
    (directory / f"{TEST_IMAGES}.gz").write_bytes(content[:-9])
    with pytest.raises(InvalidInput, match="damaged or incomplete"):
        load_mnist(directory)


def test_a_download_is_taken_from_the_next_mirror_and_kept(mirror, checksums, cache):
    assert is_made_up(load_mnist())
    assert len(mirror) == 4
    assert sorted(file.name for file in cache.iterdir()) == sorted(f"{n}.gz" for n in mnist.SHAPES)
    assert is_made_up(load_mnist())
    assert len(mirror) == 4


def test_a_damaged_file_in_the_cache_is_downloaded_again(mirror, checksums, complete, cache):
    shutil.copytree(complete, cache)
    (cache / f"{LABELS}.gz").write_bytes(b"damaged")
    assert is_made_up(load_mnist())
    assert mirror == [f"/{LABELS}.gz"]


def test_a_download_with_another_checksum_is_refused_and_not_kept(mirror, cache):
    with pytest.raises(InvalidInput, match="its checksum is another.* name it in .* RFJAX_DATA"):
        load_mnist()
    assert list(cache.iterdir()) == []


def test_a_mirror_without_the_file_is_named(mirror, monkeypatch):
    monkeypatch.setattr(mnist, "MIRRORS", (mnist.MIRRORS[1] + "absent/",))
    with pytest.raises(InvalidInput, match="absent/: HTTPError"):
        load_mnist()


def test_without_a_network_it_says_how_to_give_the_files(cache):
    with pytest.raises(InvalidInput) as raised:
        load_mnist()
    message = str(raised.value)
    assert f"{IMAGES}.gz of MNIST cannot be downloaded to {cache}" in message
    assert all(f"{mirror}: ConnectionError" in message for mirror in mnist.MIRRORS)
    assert "give a directory that holds the four files, or name it in the variable" in message
    assert "\n" not in message


def test_a_cache_that_cannot_be_written_is_named(cache):
    cache.parent.parent.write_text("a file where a folder should be")
    with pytest.raises(InvalidInput, match=f"cannot be downloaded to {cache}"):
        load_mnist()


def test_missing_pooch_says_what_to_install_but_is_not_needed_for_a_directory(
    complete, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(InvalidInput, match=r"rfjax\[data\]"):
        load_mnist()
    assert is_made_up(load_mnist(complete))


def test_together_the_test_rows_come_last_and_validation_keeps_them_apart(complete):
    found = load_mnist(complete)
    images, labels, split = found.together()
    assert split == GivenSplit(60000)
    train, test = split(0, len(labels), key=jax.random.key(0))
    np.testing.assert_array_equal(images[train], found.train_images)
    np.testing.assert_array_equal(labels[test], found.test_labels)
    train, validation = ValidationSplit(split, 1 / 6)(0, len(labels), key=jax.random.key(0))
    np.testing.assert_array_equal(train, np.arange(50000))
    np.testing.assert_array_equal(validation, np.arange(50000, 60000))
