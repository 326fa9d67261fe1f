import gzip
import math
import os
import struct
import tracemalloc

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfjax.checks import InvalidInput
from rfjax.data import read_idx
from tests.data.files import CODES, header, idx

ANY = arrays.arrays(
    st.sampled_from(["u1", "i1", "<i2", ">i2", "<i4", "<f4", ">f4", "<f8"]),
    arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5),
)
PACKED = st.sampled_from([bytes, lambda content: gzip.compress(content, mtime=0)])
SAMPLE = np.arange(-6, 6, dtype="i2").reshape(3, 4)

often = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def reads(tmp_path):
    """Reads a file of given content."""

    def read(content, name="numbers", **options):
        path = tmp_path / name
        path.write_bytes(content)
        return read_idx(path, **options)

    return read


@pytest.fixture
def refuses(reads, tmp_path):
    """The one line that a file of given content is refused with, which names the file."""

    def refuse(content, **options):
        with pytest.raises(InvalidInput) as raised:
            reads(content, **options)
        assert str(tmp_path / "numbers") in str(raised.value)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return refuse


def test_the_bytes_of_the_format_as_its_authors_give_them(reads):
    file = bytes.fromhex("00 00 08 02  00 00 00 02  00 00 00 03  01 02 03 04 05 ff")
    np.testing.assert_array_equal(reads(file), np.array([[1, 2, 3], [4, 5, 255]], np.uint8))
    file = bytes.fromhex("00 00 0c 01  00 00 00 02  00 00 01 00  ff ff ff fe")
    np.testing.assert_array_equal(reads(file), np.array([256, -2], np.int32))


@often
@given(array=ANY, packed=PACKED)
def test_what_was_written_is_read_bit_for_bit(reads, array, packed):
    found = reads(packed(idx(array)))
    assert found.shape == array.shape
    assert found.dtype == array.dtype.newbyteorder("=")
    assert found.tobytes() == array.astype(found.dtype).tobytes()
    assert found.flags.writeable


@pytest.mark.parametrize("name", ["numbers", "numbers.gz"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_the_name_says_nothing_about_compression(reads, name, packed):
    np.testing.assert_array_equal(reads(packed(idx(SAMPLE)), name), SAMPLE)


@often
@given(array=ANY, packed=PACKED, data=st.data())
def test_a_file_cut_off_anywhere_is_refused(refuses, array, packed, data):
    content = packed(idx(array))
    refuses(content[: data.draw(st.integers(0, len(content) - 1))])


@often
@given(array=ANY, packed=PACKED, more=st.binary(min_size=1))
def test_a_file_with_more_than_it_declares_is_refused(refuses, array, packed, more):
    assert "but more follow" in refuses(packed(idx(array) + more))


@often
@given(array=ANY, packed=PACKED, data=st.data())
def test_a_wrong_byte_in_the_header_is_refused_or_is_that_of_another_array(
    reads, array, packed, data
):
    content = bytearray(idx(array))
    content[data.draw(st.integers(0, 3 + 4 * array.ndim))] = data.draw(st.integers(0, 255))
    try:
        found = reads(packed(bytes(content)))
    except InvalidInput:
        return
    assert idx(found) == content


@often
@given(data=st.data())
def test_a_wrong_byte_in_a_gzip_file_never_changes_the_array(reads, data):
    content = bytearray(gzip.compress(idx(SAMPLE), mtime=0))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = reads(bytes(content))
    except InvalidInput:
        return
    np.testing.assert_array_equal(found, SAMPLE)


@often
@given(content=st.binary() | st.binary().map(b"\x1f\x8b\x08".__add__))
def test_any_other_bytes_never_end_in_another_exception(reads, content):
    try:
        found = reads(content)
    except InvalidInput:
        return
    assert idx(found) == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"\0\0\x08", "ends within its header, after 3 bytes"),
        (header(0x08, 3, 4)[:9], "ends within its header, after 9 of 12 bytes"),
        (b"\x89PNG and more", "starts with the bytes 89 50 4e 47, not with 00 00"),
        (gzip.compress(gzip.compress(idx(SAMPLE))), "starts with the bytes 1f 8b"),
        (b"\0\0\x0a\x01" + bytes(8), "unknown type 0a; those of IDX are 08, 09, 0b, 0c, 0d, 0e"),
        (header(0x08, *[1] * 65) + b"\1", "declares 65 dimensions; at most 64"),
        (header(0x0B, 3, 4) + bytes(23), r"int16 of shape \(3, 4\), which takes 24 .* only 23"),
        (header(0x0B, 3, 4) + bytes(25), "takes 24 bytes, but more follow"),
        (gzip.compress(idx(SAMPLE)) + b"rest", "no valid gzip file"),
        (gzip.compress(idx(SAMPLE))[:-8] + bytes(8), r"no valid gzip file \(CRC"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said(reads, content, message):
    with pytest.raises(InvalidInput, match=message):
        reads(content)


@pytest.mark.parametrize(
    "shape", [(2**32 - 1,) * 8, (0, *(2**32 - 1,) * 8), (2**31,), (2**16,) * 4]
)
@pytest.mark.parametrize("code", CODES.values())
def test_a_shape_too_vast_for_memory_is_refused_by_the_header_alone(refuses, code, shape):
    assert "more than the limit of 1073741824 bytes" in refuses(header(code, *shape))


def test_the_limit_counts_bytes(reads, refuses):
    np.testing.assert_array_equal(reads(idx(SAMPLE), limit=24), SAMPLE)
    assert "more than the limit of 23 bytes" in refuses(idx(SAMPLE), limit=23)
    with pytest.raises(InvalidInput, match="limit is 0"):
        read_idx("anything", 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(header(0x08, 5) + bytes(1 << 28), 9), "more follow"),
        (header(0x08, 1 << 29) + bytes(5), "only 5 follow"),
        (gzip.compress(header(0x08, 1 << 29) + bytes(5)), "only 5 follow"),
    ],
    ids=["bomb", "far too short", "far too short, compressed"],
)
def test_memory_is_taken_for_what_is_there_and_declared(refuses, content, message):
    tracemalloc.start()
    try:
        assert message in refuses(content)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", "with\0nothing"):
        with pytest.raises(InvalidInput, match="is not a file; give the path|give a path"):
            read_idx(path)


def test_a_file_that_cannot_be_read_is_refused(reads, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("rfjax.data.idx._read", fail)
    with pytest.raises(InvalidInput, match=r"cannot be read \(Permission denied\)"):
        reads(idx(SAMPLE))


def test_many_dimensions_are_read(reads):
    assert reads(header(0x0E, *[1] * 64) + struct.pack(">d", math.pi)).item() == math.pi
