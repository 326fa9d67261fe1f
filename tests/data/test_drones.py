"""Radio fingerprints: what their file has to be, and what is refused of others."""

import os
from pathlib import Path

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import Drones, drones, load_drones
from tests.mutations import mutated, told

h5py = pytest.importorskip("h5py")
ROWS = {"X_train": (12, 256), "Y_train": (12,), "X_test": (10, 256), "Y_test": (10,)}


def arrays():
    random = np.random.default_rng(0)
    return {
        name: random.uniform(1e-3, 1, shape) if name[0] == "X" else np.arange(shape[0]) % 10
        for name, shape in ROWS.items()
    }


def written(path, **others):
    with h5py.File(path, "w") as file:
        for name, array in (arrays() | others).items():
            if array is not None:
                file[name] = array
    return path


def said(path):
    with pytest.raises(InvalidInput) as raised:
        load_drones(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_published_file_is_read_as_it_is():
    root = os.environ.get("RFJAX_DATA")
    if root is None or not Path(root, drones.FOLDER, drones.FILE).exists():
        pytest.skip("no radio fingerprints: set RFJAX_DATA")
    data = load_drones(root)
    assert isinstance(data, Drones)
    powers, labels, split = data.together()
    assert powers.shape == (1000, 256)
    assert split.train == 702
    assert len(drones.CLASSES) == 10
    assert np.bincount(data.test_labels).tolist() == [28, 32, 23, 32, 27, 34, 36, 27, 27, 32]
    # Parrots fill a band of their own: their mean spectrum is largest there.
    parrots = np.asarray(powers)[np.asarray(labels) == drones.CLASSES.index("Parrot")]
    assert 95 < parrots.mean(axis=0).argmax() < 145
    np.testing.assert_allclose(data.train_powers.max(), 0.9881272614092498, rtol=1e-6)


def test_rows_keep_their_order_and_are_found_in_a_folder(tmp_path):
    (tmp_path / drones.FOLDER).mkdir()
    path = written(tmp_path / drones.FOLDER / drones.FILE)
    for place in (tmp_path, tmp_path / drones.FOLDER, path, str(path)):
        data = load_drones(place)
        np.testing.assert_allclose(data.test_powers, arrays()["X_test"], rtol=1e-6)
        assert data.train_labels.tolist() == arrays()["Y_train"].tolist()
    said = "Drones(12 spectra to train on and 10 to test, 256 bins, 10 classes)"
    assert str(data) == repr(data) == said


def test_other_types_of_numbers_are_read(tmp_path):
    own = arrays()
    path = written(
        tmp_path / "own.h5",
        X_train=own["X_train"].astype(">f4"),
        Y_train=own["Y_train"].astype("uint8"),
    )
    data = load_drones(path)
    np.testing.assert_allclose(data.train_powers, own["X_train"], rtol=1e-6)
    assert data.train_labels.tolist() == own["Y_train"].tolist()


def changed(name, index, value):
    array = arrays()[name].copy()
    array[index] = value
    return {name: array}


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"X_test": None}, "has no data set 'X_test'; it has 'X_train', 'Y_test', 'Y_train'"),
        ({"X_test": arrays()["X_test"][:, :255]}, r"shape \(10, 255\); it must have 256 bins"),
        ({"X_test": np.ones((0, 256))}, r"shape \(0, 256\); it must hold numbers"),
        ({"Y_test": arrays()["Y_test"][:9]}, r"shape \(9,\) beside 10 spectra"),
        ({"Y_train": arrays()["Y_train"] + 0.0}, "type float64; it must be whole numbers"),
        ({"X_train": np.ones((12, 256), int)}, "must be floating-point numbers"),
        ({"X_train": np.ones((12, 256), complex)}, "must be floating-point numbers"),
        ({"X_train": np.array([["a"] * 256], "S4")}, "must be floating-point numbers"),
        (changed("X_train", (3, 7), np.nan), r"X_train\[3, 7\] of .* is nan; powers are finite"),
        (changed("X_test", (3, 7), -1e-3), r"X_test\[3, 7\] of .* is -0.001"),
        (changed("X_test", (3, 7), 1e300), r"X_test\[3, 7\] of .* is 1e\+300"),
        (changed("X_test", 3, 0.0), "row 3 of X_test of .* has no power"),
        (changed("Y_test", 3, 10), r"Y_test\[3\] of .* is 10; labels are 0 to 9"),
        (changed("Y_train", 3, -1), r"Y_train\[3\] of .* is -1"),
    ],
)
def test_what_is_not_as_it_should_be_is_named(others, words, tmp_path):
    path = written(tmp_path / "wrong.h5", **others)
    with pytest.raises(InvalidInput, match=words):
        load_drones(path)


def test_nothing_outside_of_the_file_is_followed(tmp_path):
    whole = written(tmp_path / "whole.h5")
    layout = h5py.VirtualLayout(ROWS["X_test"], "f8")
    layout[:] = h5py.VirtualSource(whole, "X_test", ROWS["X_test"])
    raw = tmp_path / "raw"
    raw.write_bytes(arrays()["X_test"].tobytes())
    makers = {
        "is a link": lambda file: file.update({"X_test": h5py.ExternalLink("whole.h5", "X_test")}),
        "is a link to": lambda file: file.update({"X_test": h5py.SoftLink("/X_train")}),
        "in other files": lambda file: file.create_virtual_dataset("X_test", layout),
        "lies in other": lambda file: file.create_dataset(
            "X_test", ROWS["X_test"], "f8", external=[(str(raw), 0, raw.stat().st_size)]
        ),
        "no data set": lambda file: file.create_group("X_test"),
        "not stored whole": lambda file: file.create_dataset("X_test", ROWS["X_test"], "f8"),
        "more than the limit": lambda file: file.create_dataset(
            "X_test", (1 << 40, 256), "f8", chunks=(1, 256)
        ),
    }
    for words, make in makers.items():
        path = written(tmp_path / "made.h5", X_test=None)
        with h5py.File(path, "a") as file:
            make(file)
        assert words in said(path)


def test_what_is_no_such_file_is_refused(tmp_path):
    assert "lacks RadioSpin_D62" in said(tmp_path)
    assert "neither a file nor a directory" in said(tmp_path / "absent")
    empty = tmp_path / "empty"
    for content, words in {b"": "is empty", b"PK\3\4": "no HDF5 file: it starts with"}.items():
        empty.write_bytes(content)
        assert words in said(empty)
    whole = written(tmp_path / "whole.h5").read_bytes()
    for length in (20, 700, len(whole) // 2, len(whole) - 1):
        empty.write_bytes(whole[:length])
        assert "is damaged" in said(empty)


def test_without_h5py_it_is_said_what_to_install(tmp_path, monkeypatch):
    path = written(tmp_path / "whole.h5")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    assert "rfjax[files]" in said(path)


def test_mutations_are_read_or_refused_in_one_line(tmp_path):
    random = np.random.default_rng(1)
    good = written(tmp_path / "whole.h5").read_bytes()
    # Half of them where the format has its structures, which are small beside the numbers.
    head = 2048
    refused = 0
    for count in range(100):
        content = (
            mutated(good, random)
            if count % 2
            else mutated(good[:head], random).ljust(head, b"\0") + good[head:]
        )
        (path := tmp_path / "file.h5").write_bytes(content)
        if (data := told(load_drones, path)) is None:
            refused += 1
            continue
        for powers, labels in ((data[0], data[1]), (data[2], data[3])):
            assert np.isfinite(powers).all()
            assert powers.shape == (len(labels), 256)
    assert 50 < refused < 100
