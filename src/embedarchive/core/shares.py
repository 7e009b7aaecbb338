"""A share of few or many -> the range within which it may be, so that shares can be compared. Pure."""

from __future__ import annotations

from math import sqrt

Z = 1.959964
"""The normal distribution's two-sided 95 %."""


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927, https://doi.org/10.1080/01621459.1927.10502953); (0, 1) of nothing."""
    if whole <= 0:
        return 0.0, 1.0
    share = part / whole
    middle = share + Z * Z / (2 * whole)
    reach = Z * sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    below = 1 + Z * Z / whole
    return max(0.0, (middle - reach) / below), min(1.0, (middle + reach) / below)
