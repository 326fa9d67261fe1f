"""Training: the loss, the loop over epochs, metrics, checkpoints, several seeds at once."""

from rfjax.training.checkpoint import Checkpoints, NotSaved
from rfjax.training.ensemble import ensemble, member, moved, seed_keys
from rfjax.training.equilibrium_propagation import EquilibriumError, EquilibriumPropagation
from rfjax.training.evaluation import Evaluation, evaluate
from rfjax.training.loop import fit
from rfjax.training.loss import Penalised, classification, cross_entropy
from rfjax.training.metrics import History, Metrics, accuracy
from rfjax.training.saving import load, save

__all__ = [
    "Checkpoints",
    "History",
    "EquilibriumError",
    "EquilibriumPropagation",
    "Evaluation",
    "Metrics",
    "NotSaved",
    "Penalised",
    "accuracy",
    "classification",
    "cross_entropy",
    "ensemble",
    "evaluate",
    "fit",
    "load",
    "member",
    "moved",
    "save",
    "seed_keys",
]
