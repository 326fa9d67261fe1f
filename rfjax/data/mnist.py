"""MNIST: 70000 handwritten digits, from a directory, from the user's cache or downloaded."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32, UInt8

from rfjax import checks
from rfjax.checks import InvalidInput
from rfjax.data.idx import read_idx
from rfjax.data.split import GivenSplit

VARIABLE = "RFJAX_DATA"
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
SHAPES = {
    "train-images-idx3-ubyte": (60000, 28, 28),
    "train-labels-idx1-ubyte": (60000,),
    "t10k-images-idx3-ubyte": (10000, 28, 28),
    "t10k-labels-idx1-ubyte": (10000,),
}
# SHA-256 of the compressed files, as their authors compressed them.
CHECKSUMS = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
LIMIT = 1 << 26  # bytes; the largest array takes 47 million
_BRIGHTEST = 255
_GIVE = f"give a directory that holds the four files, or name it in the variable {VARIABLE}"


class Mnist(NamedTuple):
    """The digits in the order of the files: images are rows of pixels in [0, 1], labels 0 to 9."""

    train_images: Float32[Array, "60000 784"]
    train_labels: Int32[Array, "60000"]
    test_images: Float32[Array, "10000 784"]
    test_labels: Int32[Array, "10000"]

    def together(
        self,
    ) -> tuple[Float32[Array, "70000 784"], Int32[Array, "70000"], GivenSplit]:
        """All rows, the training rows first, and the split that tells the two apart again.

        **Returns:** (images, labels, split), which `rfjax.training.fit` takes.
        """
        images = jnp.concatenate([self.train_images, self.test_images])
        labels = jnp.concatenate([self.train_labels, self.test_labels])
        return images, labels, GivenSplit(len(self.train_labels))


def load_mnist(directory: Path | str | None = None) -> Mnist:
    """70000 handwritten digits of 28 × 28 pixels (LeCun, Cortes and Burges).

    The files are looked for in `directory`; if it is not given, in the directory that the
    environment variable RFJAX_DATA names; if that is not set, in the user's cache. What the cache
    lacks is downloaded into it and has to match a checksum.

    **Arguments:** `directory`: holds the four IDX files, compressed by gzip or not, or has a folder
    `mnist` that does.

    **Returns:** the training and the test images and labels.

    **Raises:** `InvalidInput` if a file is missing or malformed, if the download fails, or if it is
    needed while pooch is not installed.
    """
    named = (os.environ.get(VARIABLE) or None) if directory is None else directory
    paths = _downloaded() if named is None else _found(checks.path("directory", named))
    arrays = {name: _checked(name, paths[name]) for name in SHAPES}
    return Mnist(
        _pixels(arrays["train-images-idx3-ubyte"]),
        jnp.asarray(arrays["train-labels-idx1-ubyte"], jnp.int32),
        _pixels(arrays["t10k-images-idx3-ubyte"]),
        jnp.asarray(arrays["t10k-labels-idx1-ubyte"], jnp.int32),
    )


def _found(directory: Path) -> Mapping[str, Path]:
    """The path of each file; all of them have to lie in the same folder."""
    if not os.path.isdir(directory):
        raise InvalidInput(f"{directory} is not a directory; {_GIVE}")
    paths = max(_files_in(directory), _files_in(directory / "mnist"), key=len)
    missing = [name for name in SHAPES if name not in paths]
    if missing:
        where = paths[next(iter(paths))].parent if paths else directory
        raise InvalidInput(
            f"{where} lacks {', '.join(missing)} of MNIST (.gz or not); {_GIVE}, "
            "or give none and they are downloaded"
        )
    return paths


def _files_in(folder: Path) -> Mapping[str, Path]:
    paths = {}
    for name in SHAPES:
        dotted = name.replace("-idx", ".idx")  # both spellings are in circulation
        for spelling in (name, dotted, f"{name}.gz", f"{dotted}.gz"):
            # Not a folder, which some archives make for each file and name like it.
            if name not in paths and os.path.isfile(folder / spelling):
                paths[name] = folder / spelling
    return paths


def _downloaded() -> Mapping[str, Path]:
    try:
        import pooch
    except ImportError:
        raise InvalidInput(
            "no directory with MNIST is given, and pooch, which downloads it, is not installed; "
            f'run: pip install "rfjax[data]", or {_GIVE}'
        ) from None
    cache = Path(pooch.os_cache("rfjax")) / "mnist"
    return {name: _fetched(f"{name}.gz", CHECKSUMS[name], cache) for name in SHAPES}


def _fetched(file: str, checksum: str, cache: Path) -> Path:
    """The file in the cache, from the first mirror that delivers it if it is not there yet."""
    import pooch

    failures = []
    for mirror in MIRRORS:
        try:
            return Path(pooch.retrieve(mirror + file, f"sha256:{checksum}", file, cache))
        except ValueError:
            failures.append(f"{mirror}: its checksum is another")
        except OSError as error:  # those of the network are of this type too
            failures.append(f"{mirror}: {error.strerror or type(error).__name__}")
    raise InvalidInput(
        f"{file} of MNIST cannot be downloaded to {cache} ({'; '.join(failures)}); {_GIVE}"
    )


def _checked(name: str, path: Path) -> UInt8[np.ndarray, "..."]:
    """The array of a file, of the type, the shape and the values that it has in MNIST."""
    array = read_idx(path, LIMIT)
    if (array.dtype, array.shape) != (np.uint8, SHAPES[name]):
        raise InvalidInput(
            f"{path} holds {array.dtype} of shape {array.shape}; {name} of MNIST is "
            f"uint8 of shape {SHAPES[name]}; {_GIVE}"
        )
    if array.ndim == 1 and array.max() > 9:
        raise InvalidInput(
            f"{path} has the label {array.max()}; those of MNIST are 0 to 9; get the file anew"
        )
    return array


def _pixels(images: UInt8[np.ndarray, "rows 28 28"]) -> Float32[Array, "rows 784"]:
    return jnp.asarray(images.reshape(len(images), -1) / np.float32(_BRIGHTEST))
