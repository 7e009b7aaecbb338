"""What leaves the archive in forms that others read: web archives that any player opens."""

from embedarchive.export.selection import EVERYTHING, Selection, count_selected, find_selection
from embedarchive.export.wacz import Exported, export_wacz

__all__ = ["EVERYTHING", "Exported", "Selection", "count_selected", "export_wacz", "find_selection"]
