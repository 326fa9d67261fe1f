"""MNIST: networks of resonators and oscillators compared with software."""
