"""A case that was decided to be erased -> what it touches (`subjects`, `planning`), and that emptied (`emptying`), for good.

`columns` says of every column what becomes of it, `pages` cuts posts out of articles' pages, and `again` is for what comes
again later. Words and bytes go; rows stay, and tell that something was kept.
"""

from embedarchive.store.erasing.again import cut_found, erase_again, find_account
from embedarchive.store.erasing.emptying import erase_rows
from embedarchive.store.erasing.pages import embeds_barred, has_barred, keep_places, without_barred
from embedarchive.store.erasing.planning import Erasure, plan_erasure, plan_posts, refuse_erasing, refuse_held
from embedarchive.store.erasing.subjects import resolve, with_names

__all__ = [
    "Erasure",
    "cut_found",
    "embeds_barred",
    "erase_again",
    "erase_rows",
    "find_account",
    "has_barred",
    "keep_places",
    "plan_erasure",
    "plan_posts",
    "refuse_erasing",
    "refuse_held",
    "resolve",
    "with_names",
    "without_barred",
]
