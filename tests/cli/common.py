"""What tests of the command line share."""

from rfjax.experiments.common.result import Result, Row, run_by
from rfjax.training import archive

QUICK = ["train", "digits", "--rectifier", "linear", "--seeds", "2", "--batch-size", "100"]
RESULT = Result("small", [Row("what", "%", None, 1.0)], 0.1, {})


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def an_ended_run(directory, command="rfjax train digits"):
    """Its result and checkpoints, as `QUICK` would find them."""
    with run_by(command):
        RESULT.save(directory)
    for name in ("resonators", "software"):
        folder = directory / "checkpoints" / name
        folder.mkdir(parents=True)
        archive.write(folder / "epoch-000030.rfjax", {"kind": "checkpoint"}, [])
    return contents(directory)
