"""Radio fingerprints of drones: the power in 256 frequency bins, ten classes of transmitters."""

import os
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int32, Shaped

from rfjax import checks
from rfjax.checks import InvalidInput
from rfjax.data.hdf5 import read_hdf5
from rfjax.data.split import GivenSplit

FILE = "RadioSpin_D62_RF_fingerprinting.h5"
FOLDER = "rf_fingerprinting"
BINS = 256
CLASSES = (
    *("dx4e", "dx6i", "MTx", "Nineeg", "Parrot"),
    *("q205", "S500", "tello", "WiFi", "wltoys"),
)
RECORD = "https://zenodo.org/records/7646236"
_WANTED = {"X_train": "f", "Y_train": "iu", "X_test": "f", "Y_test": "iu"}
GIVE = f"give the directory of {FILE} ({RECORD}), or the file"


class Drones(NamedTuple):
    """Spectra in the order of the file, powers in units of the file, and labels, 0 to 9.

    Labels count `rfjax.data.drones.CLASSES`.
    """

    train_powers: Float32[Array, "train 256"]
    train_labels: Int32[Array, " train"]
    test_powers: Float32[Array, "test 256"]
    test_labels: Int32[Array, " test"]

    def __repr__(self) -> str:
        counts = f"{len(self.train_labels)} spectra to train on and {len(self.test_labels)} to test"
        return f"Drones({counts}, {BINS} bins, {len(CLASSES)} classes)"

    def together(
        self,
    ) -> tuple[Float32[Array, "rows 256"], Int32[Array, " rows"], GivenSplit]:
        """All rows, the training rows first, and the split that tells the two apart again.

        **Returns:** (powers, labels, split), which `rfjax.training.fit` takes once powers are
        shares of what a line carries, see `rfjax.signals.ReceiverLevels`.
        """
        powers = jnp.concatenate([self.train_powers, self.test_powers])
        labels = jnp.concatenate([self.train_labels, self.test_labels])
        return powers, labels, GivenSplit(len(self.train_labels))


def load_drones(path: Path | str) -> Drones:
    """Radio fingerprints of nine drones or their remote controls, and of a wireless network.

    702 spectra to train on and 298 to test, each the power in 256 frequency bins. The data were
    published under CC BY 4.0 with Ross, Leroux, De Riz, et al., "Multilayer spintronic neural
    networks with radiofrequency connections", Nature Nanotechnology 18, 1273 (2023)
    (RadioSpin D6.2, Zenodo record 7646236), after Basak et al., "Drone classification from RF
    fingerprints using deep residual nets", COMSNETS 2021. Cite them where the data are used.

    **Arguments:** `path` of the HDF5 file, or of a directory that holds it or a folder
    `rf_fingerprinting` that does. Another file with the same data sets may have other rows.

    **Returns:** the training and the test spectra and labels.

    **Raises:** `InvalidInput` if there is no such file, if it is damaged, or if its arrays do not
    have the types, shapes and values that they should.
    """
    file = _found(checks.path("path", path))
    arrays = read_hdf5(file, _WANTED)
    for part in ("train", "test"):
        powers, labels = arrays[f"X_{part}"], arrays[f"Y_{part}"]
        _check_powers(file, f"X_{part}", powers)
        _check_labels(file, f"Y_{part}", labels, len(powers))
    return Drones(
        jnp.asarray(arrays["X_train"], jnp.float32),
        jnp.asarray(arrays["Y_train"], jnp.int32),
        jnp.asarray(arrays["X_test"], jnp.float32),
        jnp.asarray(arrays["Y_test"], jnp.int32),
    )


def _found(path: Path) -> Path:
    if os.path.isfile(path):
        return path
    if not os.path.isdir(path):
        raise InvalidInput(f"{path} is neither a file nor a directory; {GIVE}")
    for each in (path / FILE, path / FOLDER / FILE):
        if os.path.isfile(each):
            return each
    raise InvalidInput(f"{path} lacks {FILE}; {GIVE}")


def _check_powers(file: Path, name: str, powers: Shaped[np.ndarray, "..."]) -> None:
    if powers.ndim != 2 or powers.shape[1] != BINS:
        raise InvalidInput(
            f"{name} of {file} has shape {powers.shape}; it must have {BINS} bins a row; {GIVE}"
        )
    # Of what float32 holds, since that is what is kept.
    good = np.isfinite(powers) & (powers >= 0) & (powers <= np.finfo(np.float32).max)
    if not good.all():
        row, column = np.argwhere(~good)[0]
        raise InvalidInput(
            f"{name}[{row}, {column}] of {file} is {powers[row, column]:g}; powers are finite and "
            "zero or above; get the file anew"
        )
    if not powers.any(axis=1).all():
        row = int(np.argmin(powers.any(axis=1)))
        raise InvalidInput(f"row {row} of {name} of {file} has no power; get the file anew")


def _check_labels(file: Path, name: str, labels: Shaped[np.ndarray, "..."], rows: int) -> None:
    if labels.shape != (rows,):
        raise InvalidInput(
            f"{name} of {file} has shape {labels.shape} beside {rows} spectra; it must have one "
            f"label for each; {GIVE}"
        )
    good = (labels >= 0) & (labels < len(CLASSES))
    if not good.all():
        row = int(np.argmin(good))
        raise InvalidInput(
            f"{name}[{row}] of {file} is {labels[row]}; labels are 0 to {len(CLASSES) - 1}; get "
            "the file anew"
        )
