"""Radio signals, classified by their spectra."""
