"""What is shown on stderr while a command computes; nothing of it is a result."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

_NOTED = 0.5  # seconds of compilation, from which on it is worth a line


def status(title: str) -> "Status":
    """What is being done, while it is."""
    from rich.console import Console

    return Console(stderr=True).status(title)


@contextlib.contextmanager
def progress() -> Iterator[Callable]:
    """A bar for each network, with the epoch, the train loss and the test accuracy.

    Until the first epoch ends it says that programs compile. Every epoch for which they had to
    leaves a line that says how long they took.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from rfjax.compilation import compilation_time
    from rfjax.training import Metrics

    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    shown = Progress(*columns, console=Console(stderr=True))
    bars = {}
    with contextlib.ExitStack() as stack:
        compiling = stack.enter_context(status("compiling"))
        spent, noted = stack.enter_context(compilation_time()), 0.0

        def on_epoch(network: str, epoch: int, epochs: int, metrics: Metrics) -> None:
            nonlocal noted
            if not bars:
                compiling.stop()
                stack.enter_context(shown)
            if network not in bars:
                bars[network] = shown.add_task(network, total=epochs, state="")
            seconds, noted = spent.seconds - noted, spent.seconds
            if seconds > _NOTED:
                shown.console.print(
                    f"{network}: compiled for {seconds:.1f} s, epoch {epoch}", highlight=False
                )
            loss, accuracy = metrics.train_loss.mean(), metrics.test_accuracy.mean()
            state = f"loss {loss:.3f}  accuracy {accuracy:.1%}"
            shown.update(bars[network], completed=epoch, state=state)

        yield on_epoch
