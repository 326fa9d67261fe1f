"""MNIST: networks of resonators and oscillators beside software."""
