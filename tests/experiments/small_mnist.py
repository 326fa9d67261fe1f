"""A stand-in for MNIST, small and easy: each digit lights two rows of pixels of its own."""

import jax.numpy as jnp
import numpy as np

from rfjax.data import Mnist
from rfjax.experiments.mnist.training import MnistTraining


def small_mnist(train=400, test=100):
    random = np.random.default_rng(0)

    def drawn(rows):
        labels = np.arange(rows) % 10
        images = 0.2 * random.uniform(size=(rows, 28, 28))
        for digit in range(10):
            images[labels == digit, 2 * digit + 4 : 2 * digit + 6] += 0.7
        return jnp.asarray(images.reshape(rows, -1), "float32"), jnp.asarray(labels, "int32")

    return Mnist(*drawn(train), *drawn(test))


def small_training(out, **settings):
    usual = {"validating": 100, "seeds": 1, "epochs": 2, "batch_size": 50, "quick": True}
    return MnistTraining(out, small_mnist(), **{**usual, **settings})
