"""Programs that compile fast: tests compile for longer than they compute."""

import contextlib
import functools
import os

import jax


def compile_quickly() -> None:
    """Compile in a third of the time; called before JAX compiles anything.

    The older emitter of fused loops and less optimisation take half as long, and programs of tests
    are too small to be compiled in parts. To make a context of MLIR takes as long as to compile a
    small program: all share one.
    """
    os.environ["XLA_FLAGS"] = " ".join(
        (
            os.environ.get("XLA_FLAGS", ""),
            "--xla_cpu_use_fusion_emitters=false",
            "--xla_backend_optimization_level=1",
            "--xla_cpu_parallel_codegen_split_count=1",
        )
    )
    with contextlib.suppress(ImportError, AttributeError):  # not public
        from jax._src.interpreters import mlir

        mlir.make_ir_context = functools.cache(mlir.make_ir_context)


def forget_programs() -> None:
    """Free what compiled programs and the constants in their context hold."""
    jax.clear_caches()
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src.interpreters import mlir

        mlir.make_ir_context.cache_clear()
