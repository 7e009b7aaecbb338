"""What leaves the archive in forms that others read: web archives that any player opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedarchive.core.lazy import import_lazily
from embedarchive.export.selection import EVERYTHING, Selection, count_selected, find_selection

if TYPE_CHECKING:
    from embedarchive.export.wacz import Exported, export_wacz

__all__ = ["EVERYTHING", "Exported", "Selection", "count_selected", "export_wacz", "find_selection"]

__getattr__ = import_lazily(__name__, {"Exported": "wacz", "export_wacz": "wacz"})
