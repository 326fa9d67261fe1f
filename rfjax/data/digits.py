"""The handwritten digits that scikit-learn ships."""

import jax.numpy as jnp
from jaxtyping import Array, Float32, Int32

from rfjax.checks import InvalidInput

_BRIGHTEST = 16  # grey levels of the set run from 0 to 16


def load_digits() -> tuple[Float32[Array, "1797 64"], Int32[Array, "1797"]]:
    """1797 handwritten digits of 8 × 8 pixels, read from the installed scikit-learn.

    **Returns:** images of shape (1797, 64), a row of pixels in [0, 1] each; labels of shape
    (1797,), 0 to 9.

    **Raises:** `InvalidInput` if scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError:
        raise InvalidInput(
            "the digits come with scikit-learn, which is not installed; "
            'run: pip install "rfjax[data]"'
        ) from None
    pixels, digits = datasets.load_digits(return_X_y=True)
    return jnp.asarray(pixels / _BRIGHTEST, jnp.float32), jnp.asarray(digits, jnp.int32)
