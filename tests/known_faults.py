"""Where today's rules fail what every platform must keep: what each fails in, one a line.

Each line is a strict expected failure: one whose platform has learned it must go.
"""

from __future__ import annotations

import pytest

KNOWN = {
    ("facebook", "another post"),  # named by a pfbid and an owner's number, a card may name both otherwise
}


def mark_known(*case: str) -> object:
    """A parameter set that is expected to fail where it is a known fault."""
    failing = pytest.mark.xfail(strict=True, reason="a known fault") if case in KNOWN else ()
    return pytest.param(*case, marks=failing)
