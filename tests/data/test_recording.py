"""I/Q samples as they are saved are read as they were written; damaged files are refused."""

import hashlib
import io
import json
from inspect import unwrap

import numpy as np
import pytest

from rfjax.checks import InvalidInput
from rfjax.data import read_npy, read_sigmf
from tests.mutations import mutated, told

SAMPLES = np.exp(1j * np.arange(40)) * np.linspace(0.1, 0.9, 40)


def saved(folder, about=(), captures=({"core:sample_start": 0},), content=None):
    described = {"core:datatype": "cf32_le", "core:version": "1.0.0", "core:sample_rate": 1e6}
    described |= dict(about)
    meta = {"global": described, "captures": list(captures), "annotations": []}
    (folder / "r.sigmf-meta").write_text(json.dumps(meta))
    content = SAMPLES.astype("<c8").tobytes() if content is None else content
    (folder / described.get("core:dataset", "r.sigmf-data")).write_bytes(content)
    return folder / "r"


def parts(samples):
    return np.stack([samples.real, samples.imag], axis=-1)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("datatype", "content", "error"),
    [
        ("cf32_le", parts(SAMPLES).astype("<f4"), 1e-7),
        ("cf64_be", parts(SAMPLES).astype(">f8"), 0),
        ("ci16_le", (parts(SAMPLES) * 2**15).round().astype("<i2"), 2**-15),
        ("cu16_be", (parts(SAMPLES) * 2**15 + 2**15).round().astype(">u2"), 2**-15),
        ("ci32_le", (parts(SAMPLES) * 2**31).round().astype("<i4"), 2**-31),
        ("cu32_le", (parts(SAMPLES) * 2**31 + 2**31).round().astype("<u4"), 2**-31),
        ("ci8", (parts(SAMPLES) * 2**7).round().astype("i1"), 2**-7),
        ("cu8", (parts(SAMPLES) * 2**7 + 2**7).round().astype("u1"), 2**-7),
    ],
)
def test_samples_of_every_type_are_those_that_were_written(datatype, content, error, tmp_path):
    base = saved(tmp_path, {"core:datatype": datatype}, content=content.tobytes())
    for path in (base, base.with_suffix(".sigmf-meta"), base.with_suffix(".sigmf-data")):
        recording = read_sigmf(path)
        np.testing.assert_allclose(recording.samples, SAMPLES, rtol=0, atol=error)
    assert recording.sample_rate == 1e6
    assert np.isnan(recording.frequency)


def test_channels_headers_and_captures_are_taken_apart(tmp_path):
    bytes_of = SAMPLES.astype("<c8").tobytes()
    heads = [b"head", b"another!"]
    content = heads[0] + bytes_of[: 8 * 16] + heads[1] + bytes_of[8 * 16 :] + b"tail."
    captures = [
        {"core:sample_start": 0, "core:frequency": 1e9, "core:header_bytes": 4},
        {"core:sample_start": 8, "core:frequency": 2e9, "core:header_bytes": 8},
    ]
    about = {
        "core:num_channels": 2,
        "core:trailing_bytes": 5,
        "core:dataset": "other.bin",
        "core:sha512": hashlib.sha512(content).hexdigest(),
    }
    base = saved(tmp_path, about, captures, content)
    for capture, run in ((0, slice(0, 16)), (1, slice(16, 40))):
        recording = read_sigmf(base, capture=capture)
        assert recording.frequency == [1e9, 2e9][capture]
        np.testing.assert_allclose(recording.samples, SAMPLES[run].reshape(-1, 2).T, rtol=1e-6)
    with pytest.raises(InvalidInput, match="different frequencies"):
        read_sigmf(base)
    with pytest.raises(InvalidInput, match="has 2, counted from 0"):
        read_sigmf(base, capture=2)


@pytest.mark.parametrize(
    ("about", "captures", "words"),
    [
        ({"core:datatype": "rf32_le"}, None, "has real samples; give complex"),
        ({"core:datatype": "cf16_le"}, None, "is not read; give complex"),
        ({"core:datatype": 3}, None, "is 3; it must be a string"),
        ({"core:datatype": "cf64_le", "core:num_channels": 3}, None, "samples of 48 bytes, and"),
        ({"core:sample_rate": None}, None, "core:sample_rate of"),
        ({"core:sample_rate": -1}, None, "not above zero"),
        ({"core:sample_rate": "1e6"}, None, "must be a number"),
        ({"core:num_channels": 2**40}, None, "give 1 to 1024"),
        ({"core:num_channels": 1.5}, None, "must be a whole number"),
        ({"core:metadata_only": True}, None, "has no samples"),
        ({"core:sha512": "00"}, None, "another checksum"),
        ({"core:trailing_bytes": 2**50}, None, "and 0 bytes"),
        ({}, [{"core:sample_start": 40}], "do not rise within its 40 samples"),
        ({}, [{"core:sample_start": 5}, {"core:sample_start": 5}], "do not rise"),
        ({}, [{}], "core:sample_start of .* is None"),
        ({}, [3], "holds what is no object"),
        ({}, [{"core:sample_start": 0, "core:header_bytes": 10**30}], "whole number"),
    ],
)
def test_what_a_file_of_metadata_must_not_say_is_named(about, captures, words, tmp_path):
    captures = [{"core:sample_start": 0}] if captures is None else captures
    with pytest.raises(InvalidInput, match=words) as raised:
        read_sigmf(saved(tmp_path, about, captures))
    assert "\n" not in str(raised.value)


def test_no_other_folder_is_read(tmp_path):
    base = saved(tmp_path, {"core:dataset": "outside.bin"})
    for name in ("../r.sigmf-data", "/etc/hostname", "..", "", "a/b", "a\0b"):
        meta = json.loads((tmp_path / "r.sigmf-meta").read_text())
        meta["global"]["core:dataset"] = name
        (tmp_path / "r.sigmf-meta").write_text(json.dumps(meta))
        with pytest.raises(InvalidInput, match="the name of a file beside it"):
            read_sigmf(base)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"null", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000]
)
def test_what_is_no_metadata_is_refused(content, tmp_path):
    base = saved(tmp_path)
    (tmp_path / "r.sigmf-meta").write_bytes(content)
    with pytest.raises(InvalidInput) as raised:
        read_sigmf(base)
    assert "\n" not in str(raised.value)


def test_samples_saved_by_numpy_are_read_in_any_order_of_bytes_and_axes(tmp_path):
    path = tmp_path / "r.npy"
    for array in (SAMPLES, SAMPLES.astype(">c8"), np.asfortranarray(SAMPLES.reshape(2, 20))):
        path.write_bytes(npy(array))
        recording = read_npy(path, 2e6, frequency=2.4e9)
        np.testing.assert_allclose(recording.samples, array, rtol=1e-6)
        assert recording[1:] == (2e6, 2.4e9)


@pytest.mark.parametrize("frequency", [None, "a", np.inf, True])
def test_what_is_no_frequency_is_refused(frequency, tmp_path):
    path = tmp_path / "r.npy"
    path.write_bytes(npy(SAMPLES))
    with pytest.raises(InvalidInput, match="^frequency is "):
        unwrap(read_npy)(path, 1e6, frequency=frequency)


def test_keys_that_stand_twice_are_refused(tmp_path):
    base = saved(tmp_path)
    meta = tmp_path / "r.sigmf-meta"
    twice = meta.read_text().replace(
        '"core:sample_rate"', '"core:sample_rate": 2e6, "core:sample_rate"'
    )
    meta.write_text(twice)
    with pytest.raises(InvalidInput, match="has 'core:sample_rate' twice"):
        read_sigmf(base)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\3\4", "is no .npy file"),
        (npy(np.array([{"a": 1}], object)), "pickled objects"),
        (npy(SAMPLES.real), "give complex numbers"),
        (npy(SAMPLES.reshape(2, 4, 5)), "give complex numbers"),
        (npy(SAMPLES)[:-1], "639 bytes follow"),
        (npy(SAMPLES) + b"1", "641 bytes follow"),
        (npy(SAMPLES[:0]), "no samples"),
        (npy(np.where(np.arange(40) == 3, np.inf, SAMPLES)), "sample 3 of .* is not finite"),
        (npy(SAMPLES).replace(b"(40,)", b"(9999999999999,)"), "damaged"),
        (
            npy(SAMPLES).replace(b"(40,), }    ", b"(True,40), }"),
            r"\(True, 40\).* the file is damaged",
        ),
        (npy(SAMPLES)[:6] + b"\7" + npy(SAMPLES)[7:], "another version"),
    ],
)
def test_what_is_no_array_of_samples_is_refused(content, words, tmp_path):
    path = tmp_path / "r.npy"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=words) as raised:
        read_npy(path, 1e6)
    assert "\n" not in str(raised.value)


def test_mutations_are_read_or_refused_in_one_line(tmp_path):
    random = np.random.default_rng(2)
    captures = [{"core:sample_start": 0, "core:frequency": 1e9}, {"core:sample_start": 20}]
    base = saved(tmp_path, {"core:num_channels": 2}, captures)
    good = {name: (tmp_path / name).read_bytes() for name in ("r.sigmf-meta", "r.sigmf-data")}
    good["r.npy"] = npy(SAMPLES)
    refused = 0
    for count in range(210):
        for name, content in good.items():
            (tmp_path / name).write_bytes(content)
        name = list(good)[count % 3]
        (tmp_path / name).write_bytes(mutated(good[name], random))
        found = (
            told(read_npy, tmp_path / name, 1e6)
            if name == "r.npy"
            else told(read_sigmf, base, capture=0)
        )
        refused += found is None
        if found is not None:
            assert np.isfinite(found.samples).all()
            assert found.samples.size
    assert 100 < refused < 205
