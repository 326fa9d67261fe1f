"""Evaluations of arrays of resonators that are fast, and know for what they hold."""

from rfjax.rectifiers.fast.base import AbstractEvaluation, Circumstances, NotPrepared

__all__ = ["AbstractEvaluation", "Circumstances", "NotPrepared"]
