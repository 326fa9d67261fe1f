"""The peers that need not be installed."""

import importlib.util
from types import ModuleType

NO_TORCH = "PyTorch not installed"


def direct_torch() -> ModuleType | None:
    """`benchmarks.torch_shared_line`, or None where PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    from benchmarks import torch_shared_line

    return torch_shared_line
