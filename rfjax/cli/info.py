"""`rfjax info`."""

import contextlib
import os

from rfjax.cli.devices import check_devices
from rfjax.cli.output import say


def info() -> None:
    """Versions, devices and precision."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import jax

    from rfjax import __version__

    check_devices()
    lines = [f"rfjax      {__version__}", f"python     {platform.python_version()}"]
    for package in ("jax", "jaxlib", "equinox", "optax", "scikit-learn"):
        with contextlib.suppress(PackageNotFoundError):
            lines.append(f"{package:10} {version(package)}")
    devices = ", ".join(f"{device.platform} ({device.device_kind})" for device in jax.devices())
    lines.append(f"devices    {devices}; {os.cpu_count()} CPU cores")
    lines.append(f"precision  {'float64' if jax.config.read('jax_enable_x64') else 'float32'}")
    say(*lines)
