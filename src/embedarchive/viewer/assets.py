"""The style sheet and the script of the reading room -> addresses that change with their content, and their bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

from datasette.utils.asgi import Response

from embedarchive.show.pages import load_asset
from embedarchive.store.blobs import hash_bytes
from embedarchive.viewer.archives import Missing

SCRIPT = "text/javascript; charset=utf-8"
TYPES = {"reading-room.css": "text/css; charset=utf-8", "reading-room.js": SCRIPT}


@cache
def asset_path(name: str) -> str:
    return f"/-/embedarchive/assets/{hash_bytes(load_asset(name))[:12]}/{name}"


async def serve_heal() -> Response:
    """The script that other sites include, at an address that stays."""
    headers = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
    return Response(load_asset("heal.js"), headers=headers, content_type=SCRIPT)


async def serve_asset(request: Any) -> Response:
    name = request.url_vars["name"]
    if name not in TYPES:
        raise Missing("No such file.")
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(load_asset(name), headers=headers, content_type=TYPES[name])
