"""What several commands are asked for in the same words."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    Context = typer.Context
else:
    Context = typer.Context.__mro__[1]

RUNS = Path("runs")
PLACES = ("out", "data", "resume", "overwrite", "formats")  # options that change no number


class Rectifier(enum.StrEnum):
    """What `--rectifier` may be."""

    LINEAR = "linear"
    INDEPENDENT = "independent"
    CROSS_COUPLED = "cross-coupled"


class Gradient(enum.StrEnum):
    """What `--gradient` may be."""

    DIRECT = "direct"
    LINEARISED = "linearised"


class Format(enum.StrEnum):
    """What `--format` may be."""

    SVG = "svg"
    PDF = "pdf"


OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where results go.", show_default="runs/NAME"),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the run that DIR holds.")
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the data lie (drones).", show_default=False),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="Second format of the figures, beside PNG.", show_default="svg"),
]


def command_of(context: Context) -> str:
    """The command that runs, as far as it changes numbers."""
    import jax

    from rfjax.experiments.common.folder import FLOAT64

    words = [FLOAT64] * bool(jax.config.read("jax_enable_x64"))
    words += ["rfjax", str(context.info_name)]
    for parameter in context.command.params:
        value = context.params[str(parameter.name)]
        if parameter.name in PLACES or value in (None, False, parameter.default):
            continue
        if parameter.param_type_name == "option":
            words.append(parameter.opts[0])
        if value is not True:
            words.append(str(value.value if isinstance(value, enum.Enum) else value))
    return " ".join(words)
