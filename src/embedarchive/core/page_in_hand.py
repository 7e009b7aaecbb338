"""A capture in hand -> its page as rules read it, the same that `store.reading.read_page` reads once it is kept. Pure."""

from __future__ import annotations

from embedarchive.core.model import Answer, Capture, Exchange, Headers, Page

PROBE = "probe:"
"""How the kind of an exchange begins that is the answer to a second look."""


def page_in_hand(capture: Capture) -> Page:
    """The page of a visit as it was when judged.

    Its main document is the visit's exchange of type document at the final address, else the first one.
    """
    document = _find_document(capture)
    body, headers = "", Headers()
    if document:
        body, headers = _read_text(document.body), document.response_headers
    return Page(
        url=capture.visit_url,
        final_url=capture.final_url,
        status=capture.status,
        body=body,
        dom=next((_read_text(each.body) for each in capture.artifacts if each.role == "dom"), ""),
        headers=tuple((name, value) for name, value in headers),
        redirects=tuple((e.status or 0, e.url) for e in capture.exchanges if is_redirect(e.resource_type, e.status)),
        answers=tuple(_make_answer(e) for e in capture.exchanges if e.resource_type.startswith(PROBE)),
        error=capture.environment.get("page_error"),
        truncated=capture.environment.get("page_truncated"),
    )


def is_redirect(resource_type: str, status: int | None) -> bool:
    """Whether such an exchange sent the visit elsewhere."""
    return resource_type == "document" and 300 <= (status or 0) < 400


def _find_document(capture: Capture) -> Exchange | None:
    """The exchange that brought the visited page itself, not a frame within it."""
    documents = [e for e in capture.exchanges if e.resource_type == "document" and e.body is not None]
    at_the_end = [e for e in documents if e.url == capture.final_url]
    return next(iter(at_the_end or documents), None)


def _make_answer(exchange: Exchange) -> Answer:
    name = exchange.resource_type.removeprefix(PROBE)
    return Answer(name, exchange.url, exchange.status, exchange.url, _read_text(exchange.body), exchange.error)


def _read_text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "replace")
