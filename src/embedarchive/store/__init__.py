"""The archive: one SQLite file that outlives the posts it holds."""

from embedarchive.store.archive import Archive
from embedarchive.store.opening import archive_path
from embedarchive.store.reading import open_reader

__all__ = ["Archive", "archive_path", "open_reader"]
