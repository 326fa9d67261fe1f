"""Evaluations of arrays of resonators that are fast, and know for what they hold."""

from rfjax.rectifiers.fast.base import AbstractEvaluation, Circumstances

__all__ = ["AbstractEvaluation", "Circumstances"]
