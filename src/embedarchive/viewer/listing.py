"""A request for Datasette's list of an archive's files -> the same without their bytes, which are not for lists."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from datasette.utils import tilde_decode

from embedarchive.viewer.archives import known_archives


def leave_out_bytes(app: Any, datasette: Any) -> Any:
    """The application, with `/embeds/blobs` leading to `/embeds/blobs?_nocol=body&_nosuggest=1`.

    Datasette would read fifty files to write fifty times "Binary: 2,000,000 bytes"; the bytes have addresses of their own.
    """

    async def listing(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (there := find_list(datasette, scope)):
            headers = [(b"location", there.encode("latin-1")), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 302, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return listing


def find_list(datasette: Any, scope: dict[str, Any]) -> str | None:
    """Where the list without bytes is, for a request that asks for the list with them; else None."""
    path = str(scope["path"])
    before, _, last = path.rpartition("/")
    name, _, form = last.partition(".")
    if (
        name != "blobs"
        or form not in ("", "json", "csv")
        or tilde_decode(before.rpartition("/")[2]) not in known_archives(datasette)
    ):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    asked = {key for key, _ in parse_qsl(query, keep_blank_values=True)}
    if asked & {"_nocol", "_col"}:
        lacking = []
    else:
        lacking = ["_nocol=body"]
    lacking += [] if "_nosuggest" in asked else ["_nosuggest=1"]  # a suggestion groups the rows by their bytes
    if not lacking:
        return None
    bare = (scope.get("raw_path") or path.encode()).decode("latin-1").partition("?")[0]
    return f"{bare}?{'&'.join([query, *lacking] if query else lacking)}"
