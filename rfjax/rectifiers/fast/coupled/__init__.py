"""The fast evaluation of `CrossCoupled` on a shared line."""

from rfjax.rectifiers.fast.coupled.expansion import CoupledExpansion
from rfjax.rectifiers.fast.coupled.planning import planned_coupled

__all__ = ["CoupledExpansion", "planned_coupled"]
