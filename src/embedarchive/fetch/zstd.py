"""Zstandard as Python brings it since 3.14, before that by its backport of the same face. Pure."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["zstd"]
