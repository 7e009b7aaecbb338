"""What axe-core, in a real browser, makes of every page: no serious fault, on a desk by day and on a phone at night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from archive_builder import SAMPLES, SENSITIVE, build_archive
from embedarchive.export.site import export_site
from in_process import run
from logged import sign_log
from reading_room import serve_room
from test_viewer_save import open_taking
from tools import find_npm_package

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GONE, ALIVE, PARTIAL, CLAIMED = (SAMPLES[n].post.key for n in (0, 1, 4, 5))
PAGES = (
    "archive", "lost", "desk", "browse", "browse?state=unresolved", "browse?lang=en&period=2026-03",
    "find?q=feb+2026", "find?q=11+February+2019", "find?q=11.2.2026", "outlets", "survival", "rot",
    "outlet/the-meridian.example", "article/2", "article/3", "embed/5", "capture/1",
    "capture/4", *(f"post/{key}" for key in (GONE, ALIVE, PARTIAL, CLAIMED, SENSITIVE.post.key)),
    f"proof/{GONE}", f"proof/{CLAIMED}",
    f"card/{GONE}", f"card/{SENSITIVE.post.key}", "find", "find?q=ferry", "find?q=ferri", "find?q=zzyyxx",
    "post/x:1", "outlet/nobody.example",
)  # fmt: skip
STAFF_PAGES = {
    f"embeds/-/post/{GONE}": "#note-form, .note-form", "embeds/-/article/2": "h1", "embeds/-/save": "a[href^='javascript:']",
    "embeds/-/browse?collection=elections": ".browsed a", "embeds/-/browse?tag=night": ".browsed a", "embeds/-/archive": "h1",
    "-/embedarchive/check": "input[type=file]",
}  # fmt: skip
"""Where they look, and what is there for them."""

NIGHT = {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}, "has_touch": True}
FAULTS = """axe.run({resultTypes: ['violations']}).then(({violations}) => violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 200)}`)))"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", (*SAMPLES, SENSITIVE))
    sign_log(path)
    return path


@pytest.fixture(scope="module")
def axe() -> Path:
    return find_npm_package("axe-core") / "axe.min.js"


@pytest.fixture(scope="module")
def room(path: Path) -> Iterator[str]:
    with serve_room(path) as origin:
        yield f"{origin}/embeds/-"


async def find_faults(page: Page, axe: Path) -> list[str]:
    """What axe calls serious or critical in the page, all that is folded opened."""
    await page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    await page.add_script_tag(path=axe)
    faults: list[str] = await page.evaluate(FAULTS)
    return faults


@pytest.mark.parametrize("look", [{}, NIGHT], ids=["desk by day", "phone at night"])
async def test_no_page_of_the_reading_room_has_a_serious_fault(
    browser: Browser, room: str, axe: Path, look: dict[str, Any]
) -> None:
    page = await browser.new_page(bypass_csp=True, **look)
    for where in PAGES:
        await page.goto(f"{room}/{where}")
        if where.startswith("card/"):
            await page.set_content(await page.content())  # as served it lets no script run, axe's neither
        assert await find_faults(page, axe) == [], where


async def test_no_page_of_who_keeps_the_archive_has_a_serious_fault(
    browser: Browser, path: Path, axe: Path, tmp_path: Path
) -> None:
    """With the form for notes, a collection and tags, the save button, and the page that checks packs."""
    own = tmp_path / "embeds.db"
    shutil.copy(path, own)
    for given in (
        ("collection", "add", "elections", GONE),
        ("note", "tag", GONE, "night"),
        ("note", "add", GONE, "Ask"),
    ):
        assert run(*given, "-a", own).code == 0
    room = await open_taking(own)
    signed_in = {"ds_actor": room.sign({"a": {"id": "root"}}, "actor")}

    async def answer(route: Route) -> None:
        where = "/" + route.request.url.split("/", 3)[3]
        served = await room.client.get(where, cookies=signed_in)
        kind = {"content-type": served.headers["content-type"]}
        await route.fulfill(status=served.status_code, headers=kind, body=served.content)

    for look in ({}, NIGHT):
        page = await browser.new_page(bypass_csp=True, **look)
        await page.route("**/*", answer)
        for where, shows in STAFF_PAGES.items():
            await page.goto(f"http://room.example/{where}")
            assert await page.locator(shows).count(), where
            assert await find_faults(page, axe) == [], where


async def test_no_page_of_a_shelf_has_a_serious_fault(browser: Browser, path: Path, axe: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.db"
    shutil.copy(path, second)
    with serve_room(path, second) as origin:
        for look in ({}, NIGHT):
            page = await browser.new_page(bypass_csp=True, **look)
            for where in ("", "-/embedarchive/find", "-/embedarchive/find?q=ferry", "-/embedarchive/find?q=zzyyxx"):
                await page.goto(f"{origin}/{where}")
                assert await page.locator("main input[type=search], main .row, main h1").count(), where
                assert await find_faults(page, axe) == [], where


async def test_no_page_of_a_site_has_a_serious_fault(browser: Browser, path: Path, axe: Path, tmp_path: Path) -> None:
    export_site(path, tmp_path / "site", "2026-03-20T08:00:00.000Z")
    page = await browser.new_page(bypass_csp=True)
    for where in (
        "index.html",
        "all.html",
        "search.html?q=ferry",
        "posts/" + next((tmp_path / "site/posts").iterdir()).name,
    ):
        await page.goto(f"{(tmp_path / 'site').as_uri()}/{where}")
        assert await find_faults(page, axe) == [], where


async def test_axe_does_find_faults_here(browser: Browser, axe: Path) -> None:
    page = await browser.new_page()
    await page.set_content(
        '<html lang=en><title>A</title><main><h1>A</h1><img src="data:,"><p style="color: #ccc">pale'
    )
    assert {fault.split(":")[0] for fault in await find_faults(page, axe)} == {"image-alt", "color-contrast"}
