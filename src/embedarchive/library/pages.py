"""An article -> its page as it was served: out of the archive, or read again from the web archive where it stands."""

from __future__ import annotations

import sqlite3

from embedarchive.core.errors import ArchiveError, SourceError
from embedarchive.library.records import ArticleRecord
from embedarchive.sources.again import read_again
from embedarchive.store.erasing import without_barred
from embedarchive.store.fixity import read_blob


def read_page(conn: sqlite3.Connection, article: ArticleRecord) -> bytes:
    """The article's newest page as it was served, read again where it is kept by reference.

    Posts that were erased are cut out of it. Raises ArchiveError where there is none, and where its web archive is not there
    or does not hold it any more.
    """
    for fetch in article.fetches:
        if fetch.html_sha256:
            body = read_blob(conn, fetch.html_sha256)
            if body is not None:
                return body
        if fetch.place:
            try:
                body = read_again(fetch.place)
            except SourceError as error:
                raise ArchiveError(str(error)) from error
            page = without_barred(conn, body, None)
            if page.body is not None:
                return page.body
    raise ArchiveError(f"The archive holds no page of {article.url} as it was served.")
