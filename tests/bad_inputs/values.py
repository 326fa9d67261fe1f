"""What each kind of argument has to refuse."""

import json

import jax
import numpy as np

from tests.bad_inputs.objects import (
    CURVES,
    HISTORY,
    INPUTS,
    KEY,
    LABELS,
    LINES_OF_FILM,
    RESONATOR,
    SPECTRUM,
    SWEEP,
    TONES,
    Stranger,
)

# What is no real number, whatever it is given for.
NO_NUMBER = [
    "x",
    "1",
    b"1",
    True,
    np.True_,
    1j,
    np.array([1j]),
    np.array(["a", "b"]),
    ["a", "b"],
    [1.0, "2"],
    [[1.0], [1.0, 2.0]],
    [None],
    {"a": 1},
    {1.0},
    Stranger(),
    float,
    lambda: 1.0,
    KEY,
    RESONATOR,
    np.ma.array([1.0, 2.0], mask=[True, False]),
    np.nan,
    np.inf,
    -np.inf,
    [1.0, np.nan],
    10**400,
]
NO_OBJECT = ["x", 1.5, True, [1], {}, np.ones(3), Stranger(), Stranger, lambda: None, KEY]
NO_COUNT = [
    "3",
    2**64,
    0,
    -1,
    2.5,
    np.nan,
    True,
    1j,
    [],
    [2],
    np.ones(3),
    {},
    Stranger(),
    lambda: 2,
]
NO_COUNTS = [3, 2.5, "ab", [], [0], [-1], [2.5], ["a"], [True], [None], {}, Stranger(), len, KEY]
NO_KEY = [None, 0, "x", 1.5, True, np.zeros(2), jax.random.split(KEY), Stranger(), len, [KEY]]
NO_SHARE = [0, -0.5, 1.5, np.nan, np.inf, "x", True, 1j, [0.5], np.ones(2), {}, Stranger()]
NO_FUNCTION = [0, "x", 1.5, [len], np.ones(2), Stranger()]
NO_WORD = ["nonsense", 0, 1.5, ["lower"], b"lower", Stranger(), len]
NO_PATH = ["", "a\0b", 0, 1.5, True, ["a"], {}, Stranger(), len]
NO_INPUTS = [
    INPUTS * 255,
    INPUTS - 0.5,
    INPUTS[:, :2],
    np.ones((8, 4)),
    INPUTS[0, :2],
    0.5,
    "x",
    None,
    INPUTS.astype(str),
    INPUTS + 1j,
    np.where(INPUTS > 0.5, np.nan, INPUTS),
    np.where(INPUTS > 0.5, np.inf, INPUTS),
    [[0.1, 0.2, 0.3], [0.1, 0.2]],
    INPUTS > 0.5,
    Stranger(),
    len,
    KEY,
    np.ma.array(INPUTS, mask=INPUTS > 0.5),
]
NO_ROWS = [*NO_INPUTS, INPUTS[:0], INPUTS[:5], INPUTS[0], []]
NO_LABELS = [
    LABELS + 50,
    LABELS - 1,
    LABELS.astype(float),
    LABELS.astype(str),
    LABELS > 0,
    LABELS + 1j,
    LABELS[:5],
    LABELS[:0],
    LABELS[:, None],
    1,
    "x",
    None,
    [],
    ["a"] * 8,
    LABELS.astype(np.int64) + 2**40,
    np.ma.array(LABELS, mask=LABELS > 0),
    Stranger(),
    len,
    KEY,
]

UNEQUAL = json.dumps(json.loads(HISTORY.to_json()) | {"test_loss": [[1.0], [2.0]]})


def _is_scaled(value):
    """Whether software takes it: it has no range of inputs."""
    return isinstance(value, np.ndarray) and value.shape == INPUTS.shape and value.dtype == float


def _is_complex(value):
    return isinstance(value, complex) or (isinstance(value, np.ndarray) and value.dtype == complex)


# Values that each kind of argument has to refuse.
REFUSED: dict[str, list] = {
    "finite": [*NO_NUMBER, None],
    "positive": [*NO_NUMBER, None, 0, -1.0, [1.0, 0.0]],
    "non_negative": [*NO_NUMBER, None, -1.0, [1.0, -1.0]],
    "number": [*NO_NUMBER, None, 0, -1.0, [1.0], np.ones(3), [], np.ones((1, 1))],
    "small number": [*NO_NUMBER, None, 0, -1.0, [1.0], np.ones(3), 0.01, 5.0],
    "phases": [*NO_NUMBER, np.zeros(2), np.zeros((2, 4)), []],
    "complex": [v for v in NO_NUMBER if not _is_complex(v)] + [None],
    "count": [*NO_COUNT, None],
    "counts": [*NO_COUNTS, None],
    "stride": [*NO_COUNTS[1:], None],
    "key": NO_KEY,
    "fraction": [*NO_SHARE, 1, None],
    "function": [*NO_FUNCTION, None],
    "word": [*NO_WORD, None],
    "word?": NO_WORD,
    "branch of two": [*NO_WORD, "upper", None],
    "path": NO_PATH,
    "object": [*NO_OBJECT, None, 0],
    "objects": [*NO_OBJECT, None, 0, []],
    "layers": [3, "ab", [], [3], ["a"], [None], {}, Stranger(), len],
    "no gradient": NO_FUNCTION,
    "forces": [*NO_OBJECT, None, 0],
    "inputs": NO_INPUTS,
    "rows": NO_ROWS,
    "labels": NO_LABELS,
    "index": ["x", 2.5, -1, 10**6, True, None, [0], np.ones(2), Stranger()],
    "space": ["x", 3, None, [], [0], [-1], [5.5], (6, 6), [True], ["a"], Stranger(), len],
    "padding": ["x", -1, 1.5, None, True, [], (1, 2, 3), [(1, 2, 3)], [(-1, 0)], [1.5], Stranger()],
    "pixels": [*NO_NUMBER, None, 1.0, np.ones(2), np.ones((1, 0)), []],
    "share": [*NO_NUMBER, None, -0.5, 1.0, 2.0, [0.1], np.ones(3)],
    "fraction to one": [*NO_SHARE, None],
    "combs": [*NO_OBJECT, None, 1e9, [], [[], []], [TONES], [TONES, TONES], [TONES, -TONES[:2]]],
    "band": [*NO_OBJECT, None, 1e9, [], (1e9,), (2e9, 1e9), (1e9, 1e9), (0, 1e9), (1e9, np.nan)],
    "keys": [
        *(v for v in NO_KEY if not (isinstance(v, jax.Array))),
        KEY,
        jax.random.split(KEY, 3),
        jax.random.split(KEY, 2)[:0],
        [0, 1],
    ],
    "software inputs": [v for v in NO_INPUTS if not _is_scaled(v)],
    "history": ["", "x", "{}", "[]", "null", '{"train_loss": [[1]]}', 3, None, Stranger(), UNEQUAL],
    "directory": ["", "a\0b", 0, None, True, [], Stranger()],
    "flag": ["yes", 1, None, [], Stranger()],
    "folder": ["/nowhere/at/all", "a\0b", 0, True, [1], Stranger()],
    "file": ["/nowhere/at/all", "a\0b", "", 0, True, None, [1], Stranger()],
    "path!": [*NO_PATH, None],
    "seeds": [3, "ab", [], [2.5], [-1], [2**64], ["a"], [True], [None], {}, Stranger(), len],
    "anything": [],
}
NO_VECTOR = [*NO_NUMBER, None, 0, 1.0, [1.0, 2.0], np.ones((3, 2)), np.zeros(0)]
REFUSED |= {
    "vector": NO_VECTOR,
    "direction": [*NO_VECTOR, np.zeros(3), np.array([np.ones(3), np.zeros(3)])],
    "pair": [*NO_VECTOR, np.ones(3), np.ones((3, 3)), np.zeros((2, 3))],
    "asymmetry": [*NO_NUMBER, None, -1.0, 1.0, 2.0],
    "sign": [*NO_NUMBER, None, 0.5, 0, 2.0],
    "saves": [*NO_COUNT, None, 1],
}
# Arguments that may be left out take None.
for kind in (
    "finite",
    "positive",
    "non_negative",
    "number",
    "object",
    "complex",
    "count",
    "function",
    "stride",
    "vector",
):
    REFUSED[f"{kind}?"] = [value for value in REFUSED[kind] if value is not None]

# Values that some arguments of numbers take and others refuse: no number comes out wrong.
POSSIBLE = [
    3,
    -3,
    0,
    0.5,
    np.int64(2),
    np.uint64(2**63),
    1e38,
    -1e38,
    1e-38,
    1e300,
    [],
    [1.0, 2.0],
    (1, 2),
    np.ones(7),
    np.ones((2, 3)),
    np.zeros((0, 3)),
    np.float16(0.5),
    np.ma.array([1.0, 2.0]),
]
NUMBERS = {"finite", "positive", "non_negative", "number", "complex", "fraction", "pixels"}


def unlikely(valid) -> list:
    """Numbers of the shape of valid ones that no measurement gives, or that spoil one."""
    valid = np.asarray(valid, np.float64)
    missing = valid.copy()
    missing[..., ::2] = np.nan
    alternating = np.where(np.arange(valid.shape[-1]) % 2, valid, -valid)
    with np.errstate(over="ignore", under="ignore"):
        sizes = [size * valid for size in (1e300, 1e38, 1e-38, 1e-300)]
    return [
        *sizes,
        np.zeros_like(valid),
        np.ones_like(valid),
        missing,
        alternating,
        valid[..., ::-1],
    ]


# Values of a shape that fits, which some fits take and others refuse.
UNLIKELY = {
    f"measured {name}": unlikely(value)
    for name, value in {
        "tones": SPECTRUM[0],
        "voltages": SPECTRUM[1],
        "powers": SPECTRUM[2],
        "fields": SWEEP[0],
        "signals": SWEEP[1],
        "frequencies": LINES_OF_FILM[0],
        "resonances": LINES_OF_FILM[1],
        "currents": CURVES[0],
        "curves": CURVES[1],
    }.items()
}
REFUSED |= {
    kind: [*NO_NUMBER, None, np.full_like(values[0], np.nan), np.full_like(values[0], np.inf)]
    for kind, values in UNLIKELY.items()
}
REFUSED |= {
    "mapping?": [
        *NO_OBJECT[:4],
        np.ones(3),
        Stranger(),
        len,
        {"U": "parsec"},
        {"x": "V"},
    ],
    "table": [*NO_OBJECT, None, 0],
    "column?": ["x", "99", "0", 1.5, True, [], Stranger(), len],
    "column": [*NO_OBJECT[:3], "99", None, Stranger(), len],
    "known": [*NO_NUMBER, None, [1.0], np.ones(3)],
    "branch": [*NO_WORD, None],
    "columns": ["x", "f", 1.5, True, ["x"], [1], Stranger(), len],
    "powers of columns": ["x", "1 parsec", 1.5, True, ["x"], [1], ["1 V"], Stranger(), len],
    "background": [*NO_COUNT[:2], -1, 2.5, np.nan, True, 1j, [], np.ones(3), {}, Stranger(), 99],
    "known?": [*NO_NUMBER, -1.0, [1.0], np.ones(3)],
    "loss": [*NO_WORD, None, "geman-mcclure"],
    "parameter": [*NO_OBJECT, None, 0],
    "path of a model": [*NO_FUNCTION, None, lambda model: 1.0],
    "places": [*NO_FUNCTION, None, lambda model: 1.0, lambda model: model.nothing],
}
