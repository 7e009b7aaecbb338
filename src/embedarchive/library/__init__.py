"""An archive, open for reading -> frozen records: what to look up, search, show and count."""

from embedarchive.library.articles import article_record, find_article, outlet_record
from embedarchive.library.figures import count, front, outlets, recent_losses, stats
from embedarchive.library.lookup import lookup
from embedarchive.library.pictures import lookup_picture, read_asked
from embedarchive.library.posts import (
    capture_record,
    embed_record,
    is_sensitive_file,
    post_record,
    read_exchanges,
    read_lines,
)
from embedarchive.library.search import search

__all__ = [
    "article_record",
    "capture_record",
    "count",
    "embed_record",
    "find_article",
    "front",
    "is_sensitive_file",
    "lookup",
    "lookup_picture",
    "outlet_record",
    "outlets",
    "post_record",
    "read_asked",
    "read_exchanges",
    "read_lines",
    "recent_losses",
    "search",
    "stats",
]
