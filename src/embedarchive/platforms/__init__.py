"""Every platform, found by looking in this folder: one module, one `PLATFORM` value. Pure.

Folders of that name elsewhere on the import path are looked in as well: `embedarchive/platforms/NAME.py`.
"""

from __future__ import annotations

import importlib
import pkgutil

from embedarchive.platforms.kit.specification import Platform

__path__ = pkgutil.extend_path(__path__, __name__)


def load_platforms() -> tuple[Platform, ...]:
    """Import each module of these folders and take its `PLATFORM`, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(importlib.import_module(f"{__name__}.{name}").PLATFORM for name in names)


PLATFORMS: tuple[Platform, ...] = load_platforms()
BY_NAME: dict[str, Platform] = {p.name: p for p in PLATFORMS}
