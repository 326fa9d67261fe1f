"""Programs that compile fast: tests compile for longer than they compute."""

import os


def compile_quickly() -> None:
    """Compile in half the time; called before JAX compiles anything.

    The older emitter of fused loops and less optimisation take half as long, and programs of tests
    are too small to be compiled in parts.
    """
    os.environ["XLA_FLAGS"] = " ".join(
        (
            os.environ.get("XLA_FLAGS", ""),
            "--xla_cpu_use_fusion_emitters=false",
            "--xla_backend_optimization_level=1",
            "--xla_cpu_parallel_codegen_split_count=1",
        )
    )


if __name__ == "__main__":  # for what is run beside the tests
    compile_quickly()
    print(os.environ["XLA_FLAGS"])
