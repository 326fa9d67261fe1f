"""IDX files to be read, well-formed or not."""

import struct

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array):
    """The IDX file of an array, as bytes."""
    code = CODES[array.dtype.str[1:]]
    return header(code, *array.shape) + array.astype(array.dtype.newbyteorder(">")).tobytes()


def header(code, *shape):
    """The first bytes of an IDX file."""
    return struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape)
