"""What `rfjax fit` fits: one file a model, with one function from a table to fits."""
