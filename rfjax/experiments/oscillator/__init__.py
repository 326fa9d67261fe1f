"""Published results of oscillators."""
