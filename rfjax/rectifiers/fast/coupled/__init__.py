"""The fast evaluation of `CrossCoupled` on a shared line."""

from rfjax.rectifiers.fast.coupled.expansion import CoupledExpansion
from rfjax.rectifiers.fast.coupled.planning import coupled_expansion

__all__ = ["CoupledExpansion", "coupled_expansion"]
