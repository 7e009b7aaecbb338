"""A process that searches whole web archives, one after the other: a path in, each page's address, place and embeds out.

It is sent the compiled keywords, then a line of JSON for each file (`ScanOrder`); and answers a line for each page, and one
at the end of a file that says what was not taken. Pages themselves do not travel. A page has the limits of
`detect/child.py`; whoever asked counts the answers, so that the one which the child died of can be passed over.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import IO, Any

from embedarchive.core.errors import SourceError
from embedarchive.core.model import Fetch, Found, PagePlace
from embedarchive.detect.bounded import make_page, say_cut
from embedarchive.detect.child import (
    allow_cpu,
    dump_found,
    limit_process,
    parse_found,
    search_here,
    take_machine,
)
from embedarchive.detect.line_process import LineProcess, SearchLimits
from embedarchive.sources.intake import Intake, Skipped
from embedarchive.sources.media import refuse_no_article
from embedarchive.sources.seed import Seed
from embedarchive.sources.warcs import Revisit, read_web_archive

FILE_LIMITS = SearchLimits(wall_s=600.0)
"""Of a page, as ever; only that a file may be silent for ten minutes, where it holds gigabytes that are no pages."""

MOST_DEATHS = 10
"""Pages of one file that a child may die of, before the rest of it is left."""


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """A web archive to search, and how.

    `options` are those of `find_embeds`; with `refer` pages are hashed and come with their headers, as who keeps them wants.
    The first `skip` pages were had before; `cut` is why the one after them is not searched.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    refer: bool = False
    skip: int = 0
    cut: str = ""


# ------------------------------------------------------------------------------------------------------- in the child


def scan_file(order: ScanOrder, allow: Callable[[], None] = lambda: None) -> Iterator[dict[str, Any]]:
    """Search every page of a web archive in this process, and give an answer for each, then one for the file.

    `allow` is called before each page, and between what is none, so that whoever limits the process can do so anew.
    """
    intake, limits = _Allowed(allow), SearchLimits()
    try:
        for number, seed in zip(count(), read_web_archive(Path(order.path), intake), strict=False):
            allow()
            if number < order.skip:
                continue
            assert seed.fetch is not None, "web archives give pages in hand"
            fetch, found = seed.fetch, None
            if not order.refer:
                fetch = refuse_no_article(fetch)
            if number == order.skip and order.cut:
                found = Found(truncated=order.cut)
            elif fetch.outcome != "failed":
                page = make_page(
                    fetch.body, limits, url=fetch.final_url, content_type=fetch.content_type, **order.options
                )
                found = say_cut(search_here(page.body, page.options), fetch.body, page)
            yield _tell_page(replace(seed, fetch=fetch), found, refer=order.refer)
    except SourceError as error:
        yield {"unreadable": str(error)}
        return
    yield {
        "skipped": dict(intake.skipped),
        "lost": [asdict(each) for each in intake.lost],
        "revisits": [asdict(each) for each in intake.revisits],
    }


class _Allowed(Intake):
    """An intake that also lets the process go on, however much there is that is no page."""

    def __init__(self, allow: Callable[[], None]) -> None:
        super().__init__()
        self._allow = allow

    def skip(self, source: str, reason: str, subject: str = "", detail: str = "") -> None:
        super().skip(source, reason, subject, detail)
        self._allow()


def _tell_page(seed: Seed, found: Found | None, *, refer: bool) -> dict[str, Any]:
    fetch = seed.fetch
    assert fetch is not None, "only pages in hand are told"
    place = fetch.place
    if refer and place is not None and fetch.outcome == "ok":
        place = replace(place, sha256=hashlib.sha256(fetch.body).hexdigest(), size=len(fetch.body))
    told = {name: getattr(fetch, name) for name in _TOLD}
    if refer:
        told["headers"] = fetch.headers
    if place is not None:
        told["place"] = asdict(place)
    return {
        "url": seed.url,
        "origin": seed.origin,
        "fetch": told,
        "found": None if found is None else dump_found(found),
    }


_TOLD = (
    "url", "final_url", "fetched_at", "outcome", "status", "reason", "content_type", "truncated", "remote_address", "source",
)  # fmt: skip


def _serve(orders: IO[bytes], answers: IO[bytes], cpu_s: int) -> None:
    take_machine(orders)
    while line := orders.readline():
        for answer in scan_file(ScanOrder(**json.loads(line)), lambda: allow_cpu(cpu_s)):
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()


def main() -> None:
    """The child, which whoever asked ends by closing its pipe."""
    limit_process(json.loads(sys.argv[1]), _serve)


# -------------------------------------------------------------------------------------------------- in who asks for it


def read_page(answer: Mapping[str, Any]) -> Seed:
    """An answer as the page that it tells of, without its body."""
    told = dict(answer["fetch"])
    told["headers"] = tuple((name, value) for name, value in told.get("headers", ()))
    place = told.pop("place", None)
    if place is not None:
        place = PagePlace(**place)
    found = None
    if answer["found"] is not None:
        found = parse_found(answer["found"])
    return Seed(answer["url"], answer["origin"], Fetch(**told, place=place), found=found)


def read_end(answer: Mapping[str, Any], path: Path, intake: Intake) -> None:
    """Take in what the end of a file says of what was not taken of it. Raises SourceError for one that cannot be read."""
    if "unreadable" in answer:
        raise SourceError(answer["unreadable"])
    intake.web_archives.append(path)
    intake.skipped.update(answer["skipped"])
    intake.name(Skipped(**each) for each in answer["lost"])
    for each in answer["revisits"]:
        refers_to = each["refers_to"]
        if refers_to is not None:
            refers_to = tuple(refers_to)
        headers = tuple((name, value) for name, value in each["headers"])
        intake.revisits.append(Revisit(**{**each, "refers_to": refers_to, "headers": headers}))


class ScanChild:
    """A child process that searches files, started with the first, and anew after a page that it died of."""

    def __init__(self, limits: SearchLimits = FILE_LIMITS) -> None:
        self.process = LineProcess("embedarchive.run.scan_child", limits)

    def scan(self, order: ScanOrder) -> Iterator[bytes]:
        """The answers of a file, each a line. A page that the child dies of is one that is cut; a new child takes the rest.

        It ends without the file's own answer where one died too often, or was stopped by another thread.
        """
        for _ in range(MOST_DEATHS):
            self.process.send([json.dumps(asdict(order)).encode() + b"\n"])
            given = 0
            while line := self.process.read_line():
                yield line
                if b'"skipped"' in line[:12] or b'"unreadable"' in line[:15]:
                    return
                given += 1
            died = self.process.explain_death()
            if self.process.stopped or (order.cut and not given):
                return
            order = replace(order, skip=order.skip + given, cut=died)

    def stop(self) -> None:
        """End it for good, whatever it is at. May be called from any thread."""
        self.process.stop()

    def close(self) -> int:
        """End the child; give how it ended."""
        return self.process.close()


if __name__ == "__main__":
    main()
