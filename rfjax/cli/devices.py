"""The devices that a command computes on."""

import os


def check_devices() -> None:
    """Refuse devices that are asked for and absent, before anything computes on them.

    **Raises:** `InvalidInput` for these.
    """
    import jax

    from rfjax.checks import InvalidInput

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        asked = os.environ.get("JAX_PLATFORMS")
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInput(
            f"JAX_PLATFORMS is {asked!r}, which JAX does not find here; give cpu, or leave it out"
            if asked
            else f"JAX finds no device ({reason})"
        ) from None


def prepare_devices() -> None:
    """Make sure of the devices, and read what other processes have compiled for them.

    **Raises:** `InvalidInput` for devices that are absent.
    """
    from rfjax.compilation import use_persistent_cache

    check_devices()
    use_persistent_cache()
