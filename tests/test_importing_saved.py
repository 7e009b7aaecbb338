"""Pages that browsers saved come in: a post's own page or frame becomes a capture of whoever saved it, its files with it."""

from __future__ import annotations

import base64
import csv
import datetime
import email.message
import email.policy
import hashlib
import io
import json
import quopri
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from embedarchive.api.commands import import_files
from embedarchive.core.decode import decode_html
from embedarchive.core.model import Exchange
from embedarchive.detect import identify_post
from embedarchive.run.recorded import gather, judge
from embedarchive.sources.auto_archiver import Told, is_sheet, load_value, read_file, read_sheet
from embedarchive.sources.saved_recordings import is_saved_page, read_entries, read_parts, read_saved_recordings
from test_importing import EVERYTHING, export, select
from web_archives import THEN, find_post, find_scene, record_scene

NAMES = ("instagram", "bluesky", "youtube", "telegram", "mastodon")
SAVED = "Sat, 09 Mar 2024 10:00:00 -0000"


def write_mhtml(path: Path, recorded: list[Exchange]) -> Path:
    """As Chromium saves a page: its parts by their addresses, the page first."""
    message = email.message.Message(email.policy.compat32)
    message["From"], message["Date"], message["MIME-Version"] = "<Saved by Blink>", SAVED, "1.0"
    message["Snapshot-Content-Location"] = recorded[0].url
    message["Content-Type"] = 'multipart/related; type="text/html"; boundary="b"'
    parts = []
    for each in recorded:
        part = email.message.Message(email.policy.compat32)
        part["Content-Type"] = each.content_type or "application/octet-stream"
        part["Content-Transfer-Encoding"] = "base64"
        part["Content-Location"] = each.url
        part.set_payload(base64.encodebytes(each.body or b"").decode())
        parts.append(part)
    message.set_payload(parts)
    path.write_bytes(message.as_bytes())
    return path


def write_har(path: Path, recorded: list[Exchange]) -> Path:
    entries = [
        {
            "startedDateTime": each.started_at,
            "request": {"url": each.url, "method": "GET"},
            "response": {
                "status": each.status,
                "headers": [{"name": name, "value": value} for name, value in each.response_headers],
                "content": {
                    "mimeType": each.content_type,
                    "text": base64.b64encode(each.body or b"").decode(),
                    "encoding": "base64",
                },
            },
        }
        for each in recorded
    ]
    creator = {"name": "Firefox", "version": "128.0"}
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}), "utf-8")
    return path


def write_complete(path: Path, recorded: list[Exchange]) -> Path:
    """As "save as, complete" does: addresses of files become those in the folder beside the page."""
    page, *files = recorded
    folder = path.with_name(f"{path.stem}_files")
    folder.mkdir()
    path.write_text(render_noted(page, put_beside(folder, files, f"./{folder.name}/")), "utf-8")
    return path


def put_beside(folder: Path, files: list[Exchange], where: str) -> dict[str, str]:
    """Write files into a folder; give where the page finds each from then on, by its address."""
    there = {}
    for number, each in enumerate(files):
        name = f"{number}-{Path(urlsplit(each.url).path).name or 'file'}"
        (folder / name).write_bytes(each.body or b"")
        there[each.url] = f"{where}{name}"
    return there


def render_noted(page: Exchange, there: dict[str, str]) -> str:
    """A page with its files elsewhere, and its own address at its top."""
    top = f"<!-- saved from url=({len(page.url):04})" + page.url + " -->"
    return f"<!DOCTYPE html>\n{top}\n{move_files(page, there)}"


def move_files(page: Exchange, there: dict[str, str]) -> str:
    html = (page.body or b"").decode()
    for url, place in there.items():
        for spelling in (url, url.replace("&", "&amp;"), url.replace("/", "\\/")):
            html = html.replace(spelling, place)
    return html


FORMS: dict[str, tuple[str, Callable[[Path, list[Exchange]], Path], str]] = {
    "MHTML": ("page.mhtml", write_mhtml, "a browser (Blink) that saved the page"),
    "HAR": ("page.har", write_har, "Firefox 128.0"),
}


def is_of_a_page(each: Exchange) -> bool:
    return each.status == 200 and not (each.content_type or "").startswith("application/json")


def record(name: str) -> list[Exchange]:
    return [each for each in record_scene(find_scene(name)) if each.status == 200]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_a_saved_page_of_a_post_is_a_capture_of_whoever_saved_it(tmp_path: Path, name: str, form: str) -> None:
    file, write, seen_by = FORMS[form]
    saved = write(tmp_path / file, record(name))
    import_files(saved, archive=tmp_path / "archive")
    path, post = tmp_path / "archive" / "embeds.db", find_post(find_scene(name))
    [capture] = select(
        path, "SELECT post_key, outcome, origin, seen_at, json_extract(environment, '$.seen_by') FROM captures"
    )
    assert capture[:3] == (post.key, "available", "import")
    assert (capture[3][:10], capture[4]) == (THEN[:10], seen_by)
    kept = select(path, "SELECT count(*) FROM artifacts WHERE role IN ('media', 'poster')")[0][0]
    named = select(path, "SELECT count(*) FROM descriptions d, json_each(d.media) m WHERE m.value ->> 'missing' IS NULL "
                         "AND m.value ->> 'role' IN ('media', 'poster')")[0][0]  # fmt: skip
    assert kept >= named
    assert select(path, "SELECT (SELECT count(*) FROM checks), (SELECT count(*) FROM articles)") == [(0, 0)]


def write_single(path: Path, recorded: list[Exchange]) -> Path:
    """As SingleFile does: files in the page itself."""
    page, *files = recorded
    inside = {
        each.url: f"data:{each.content_type};base64,{base64.b64encode(each.body or b'').decode()}" for each in files
    }
    top = f"<!--\n Page saved with SingleFile \n url: {page.url} \n saved date: Sat Mar 09 2024 11:00:00 GMT+0100 (CET)\n-->"
    path.write_text(f"<!DOCTYPE html> <html lang=en>{top}{move_files(page, inside)}", "utf-8")
    return path


def write_article(path: Path, recorded: list[Exchange]) -> Path:
    """An article saved complete, the post's frame and its files in its folder."""
    frame, *files = recorded
    folder = path.with_name(f"{path.stem}_files")
    folder.mkdir()
    frame_page = render_noted(frame, put_beside(folder, files, "./"))
    (folder / "saved_resource.html").write_text(frame_page, "utf-8")
    article = (
        "<!DOCTYPE html>\n<!-- saved from url=(0027)https://news.example/harbour -->\n<html><title>Harbour</title>"
    )
    path.write_text(f'{article}<iframe src="./{folder.name}/saved_resource.html"></iframe></html>', "utf-8")
    return path


PAGES = {"with its folder": write_complete, "in one file": write_single, "in an article": write_article}


@pytest.mark.parametrize("form", PAGES)
def test_a_page_saved_as_html_brings_its_pictures(tmp_path: Path, form: str) -> None:
    recorded = [each for each in record("instagram") if is_of_a_page(each)]
    saved = PAGES[form](tmp_path / "A post.html", recorded)
    import_files(saved, archive=tmp_path / "archive")
    path, post = tmp_path / "archive" / "embeds.db", find_post(find_scene("instagram"))
    assert select(path, "SELECT post_key, outcome, origin FROM captures") == [(post.key, "available", "import")]
    assert select(path, "SELECT count(*) > 0 FROM artifacts WHERE role = 'media'") == [(1,)]
    assert select(path, "SELECT count(*) FROM articles") == [(int(form == "in an article"),)]


def test_what_is_not_the_post_is_no_capture(tmp_path: Path) -> None:
    """A login page saved under the post's address."""
    wall = "<html><title>Login</title><form action='/accounts/login/'></form></html>"
    url = f"{find_post(find_scene('instagram')).url}embed/captioned/"
    page = Exchange(url, status=200, body=wall.encode(), content_type="text/html", started_at=THEN)
    import_files(write_mhtml(tmp_path / "wall.mhtml", [page]), archive=tmp_path / "archive")
    counted = "SELECT (SELECT count(*) FROM captures), (SELECT count(*) FROM articles)"
    assert select(tmp_path / "archive" / "embeds.db", counted) == [(0, 0)]


DAMAGED = (
    b"", b"MIME-Version: 1.0\nContent-Type: multipart/related", b'{"log": {"entries": 3}}', b'{"log": [1]}',
    b'{"log": {"entries": [], "creator": [1]}}',
    b'{"log": {"entries": [{"request": 1}, {"request": {"url": "https://x.com/a/status/1"}, "response": {"status": "x"}}]}}',
)  # fmt: skip


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_file_is_told_and_brings_nothing(tmp_path: Path, damaged: bytes) -> None:
    for name in ("page.mhtml", "page.har"):
        (tmp_path / name).write_bytes(damaged)
        import_files(tmp_path / name, archive=tmp_path / "archive")
    assert select(tmp_path / "archive" / "embeds.db", "SELECT count(*) FROM captures") == [(0,)]


# ----------------------------------------------------------------------------------------------------- auto-archiver

POST = "https://www.instagram.com/p/C79gQqLpkul/"
HEADINGS = [
    "Link",
    "Archive status",
    "Archive location",
    "Archive date",
    "Upload timestamp",
    "Upload title",
    "Text content",
]


def make_picture(color: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 640), color).save(out, "JPEG")
    return out.getvalue()


def tell_row(folder: Path, status: str = "yt-dlp_Instagram: success", url: str = POST) -> dict[str, object]:
    """What auto-archiver 1.2.9 holds of an address: two files, a screenshot, and one file that is not here."""
    first, second = make_picture("red"), make_picture("blue")
    (folder / "arch").mkdir(exist_ok=True)
    for name, body in (("Qw8.jpg", first), ("Zx9.jpg", second), ("shot.png", make_picture("black"))):
        (folder / "arch" / name).write_bytes(body)

    def tell(name: str, **properties: str) -> dict[str, object]:
        return {"filename": f"/tmp/x/{name}", "_key": f"arch/{name}", "urls": [f"./arch/{name}"],
                "properties": properties, "_mimetype": "image/jpeg", "_stored": False}  # fmt: skip

    digest = hashlib.sha256(first).hexdigest()
    said = {
        "_processed_at": datetime.datetime(2024, 3, 9, 10, 0, 0, 5000, tzinfo=datetime.UTC), "url": url,
        "title": "Video by mara", "content": "Fog 'over' the {harbour}", "author": "mara",
        "timestamp": datetime.datetime(2024, 3, 8, 9, 0),
    }  # fmt: skip
    media = [tell("Qw8.jpg", hash=f"SHA-256:{digest}", src="https://cdn.test/1.jpg"), tell("Zx9.jpg"),
             tell("shot.png", id="screenshot"), tell("gone.jpg", src="https://cdn.test/3.jpg")]  # fmt: skip
    return {"status": status, "metadata": said, "media": media}


def spell(value: object) -> str:
    """As Python's `csv.DictWriter` spells a cell; the zone is called otherwise since Python 3.11."""
    return str(value).replace("datetime.UTC", "datetime.timezone.utc")


def write_database(folder: Path, rows: list[dict[str, object]]) -> None:
    with (folder / "db.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["status", "metadata", "media"], *([spell(cell) for cell in row.values()] for row in rows)])


def write_report(folder: Path) -> str:
    """As `html_formatter` lists a row's files."""
    rows = "".join(
        f"<tr><td><ul><li><b>key:</b> <span>arch/{name}</span></li><li><b>type:</b> <span>image/jpeg</span></li>"
        f"<li><b>id:</b> {made}</li></ul></td><td><a href='./arch/{name}'>open</a></td></tr>"
        for name, made in (("Qw8.jpg", ""), ("shot.png", "screenshot"))
    )
    made_with = '<a href="https://github.com/bellingcat/auto-archiver">bellingcat/auto-archiver</a>'
    page = f"<html><table class=content><tr><th>about</th></tr>{rows}</table>Made with {made_with}</html>"
    (folder / "arch" / "formatted1.html").write_text(page, "utf-8")
    return "./arch/formatted1.html"


def test_rows_of_auto_archiver_are_posts_that_it_saw(tmp_path: Path) -> None:
    """A database, a sheet and a `metadata.json` in one folder: only what read the post itself counts, nothing is asked."""
    folder = tmp_path / "given"
    folder.mkdir()
    read = tell_row(folder)
    write_database(folder, [read, tell_row(folder, "wacz: success"), tell_row(folder, "no archiver")])
    other = tell_row(folder, url="https://x.com/mara/status/1766400000000000000")
    (folder / "arch" / "meta.json").write_text(json.dumps(other, default=str), "utf-8")
    row = [POST, "[cached] yt-dlp_Instagram: success", write_report(folder), "2024-03-11T00:00:00+00:00", "", "", "Fog"]
    with (folder / "sheet.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADINGS, row, ["https://news.example/a", "wayback: success", "", "", "", "", ""]])
    report = import_files(folder, archive=tmp_path / "archive")
    assert (report.imported["kept"], report.imported["error"]) == (3, 2)
    assert report.skipped["only_address"] == 1
    path = tmp_path / "archive" / "embeds.db"
    seen = select(path, "SELECT origin, seen_at, json_extract(environment, '$.source') FROM captures WHERE "
                        "json_extract(environment, '$.seen_by') = 'auto-archiver' ORDER BY 3")  # fmt: skip
    assert seen == [("import", "2024-03-09T10:00:00.005Z", "db.csv"), ("import", "2024-03-09T10:00:00.005Z", "meta.json"),
                    ("import", "2024-03-11T00:00:00.000Z", "sheet.csv")]  # fmt: skip
    said = "SELECT text, author_name, substr(posted_at, 1, 10) FROM current_descriptions ORDER BY capture_id"
    assert select(path, said)[0] == ("Fog 'over' the {harbour}", "mara", "2024-03-08")
    kept = "SELECT count(*) FROM artifacts a JOIN captures c ON c.id = a.capture_id GROUP BY c.id ORDER BY count(*)"
    assert select(path, kept) == [(1,), (2,), (2,)], "a picture of a page is not the post's"
    assert select(path, "SELECT DISTINCT missing FROM captures WHERE missing <> '[]'") == [
        ('["media 3: not_recorded"]',)
    ]
    assert select(path, "SELECT count(*) FROM articles") == [(0,)]
    assert select(path, "SELECT count(*) FROM checks") == [(0,)]
    again = import_files(folder, archive=tmp_path / "archive")
    assert again.imported["kept"] == 3
    assert select(path, "SELECT count(*) FROM captures") == [(3,)]
    back = import_files(export(path, tmp_path / "ours.wacz"), archive=tmp_path / "back")
    assert back.imported == {"kept": 3}
    for query in EVERYTHING:
        assert select(tmp_path / "back" / "embeds.db", query) == select(path, query)


def read_changed(folder: Path) -> Told:
    [told] = read_sheet(folder / "db.csv")
    assert told
    return told


def test_files_are_those_of_the_row_s_own_folder_and_of_its_hash(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(make_picture("green"))
    folder = tmp_path / "given"
    folder.mkdir()
    row = tell_row(folder)
    row["media"][1]["urls"] = ["../secret.jpg", str(tmp_path / "secret.jpg")]  # type: ignore[index]
    row["media"][1]["_key"] = row["media"][1]["filename"] = "secret.jpg"  # type: ignore[index]
    write_database(folder, [row])
    (folder / "arch" / "Qw8.jpg").write_bytes(make_picture("white"))
    files = read_changed(folder).files
    assert [read_file(each) for each in files] == [None, None, None], "another file's hash; outside; not there"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("__import__('os').system('true')", None),
        ("{'a': open('/etc/passwd').read(), 'b': [1, -2.5, None, True]}", {"a": None, "b": [1, -2.5, None, True]}),
        ("datetime.datetime(2024, 1, 2, 3, 4, tzinfo=tzutc())", "2024-01-02T03:04:00.000Z"),
        ("datetime.datetime(2024, 1, 2, tzinfo=tzlocal())", None),
        ("datetime.datetime(99999, 1, 2)", None),
        ("{'a': <object at 0x1>}", None),
        ("[" * 500, None),
        ("9" * 5000, None),
        ("{**{}, 1: 2}", {1: 2}),
        ("'" + "x" * 10 + "'", "x" * 10),
        ("", None),
    ],
)  # fmt: skip
def test_cells_are_looked_at_and_never_run(cell: str, value: object) -> None:
    assert load_value(cell) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{\r: 1, x",
        b'status,metadata,media\n"a',
        b"status,metadata,media\n\r,\r",
        b"Link,Archive status\nhttp://[",
    ],
)
def test_a_damaged_sheet_ends_nothing(tmp_path: Path, data: bytes) -> None:
    for name in ("s.csv", "s.json"):
        (tmp_path / name).write_bytes(data)
        is_sheet(tmp_path / name)
        assert [each for each in read_sheet(tmp_path / name) if each and each.is_read] == []


def test_a_list_of_addresses_is_not_fetched_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("Link\nhttps://news.example/a\n")
    report = import_files(tmp_path / "l.csv", archive=tmp_path / "archive")
    assert report.skipped["only_address"] == 1


# ------------------------------------------------------------------------------------- as the same came from elsewhere

FOG = "Nebel über dem Hafen – туман"
ROW = {
    "Link": POST,
    "Archive status": "yt-dlp_Instagram: success",
    "Archive date": "2024-03-11T00:00:00+00:00",
    "Text content": FOG,
}


def spell_table(separator: str, newline: str, first: str = "") -> str:
    cells = (separator.join(f'"{cell}"' for cell in cells) for cells in (ROW.keys(), ROW.values()))
    return first + newline.join([*cells, ""])


TABLES = {
    "semicolons, as Excel where a comma is in numbers": ("a.csv", spell_table(";", "\r\n").encode("utf-8-sig")),
    "Unicode text of Excel": ("a.csv", spell_table("\t", "\r\n").encode("utf-16")),
    "two bytes a letter without a mark": ("a.csv", spell_table(",", "\n").encode("utf-16-le")),
    "Windows' Western letters": ("a.csv", spell_table(",", "\r\n").replace("туман", "fog").encode("cp1252")),
    "tabs": ("a.tsv", spell_table("\t", "\n").encode()),
    "lines that end as on old Macs": ("a.csv", spell_table(",", "\r").encode()),
    "Excel's own first line": ("a.csv", spell_table(";", "\r\n", "sep=;\r\n").encode()),
    "JSON": (
        "a.json",
        json.dumps({"status": ROW["Archive status"],
                    "metadata": {"url": POST, "content": FOG, "_processed_at": ROW["Archive date"]}, "media": []}).encode(),
    ),
    "JSON of another order": (
        "a.json",
        json.dumps({"media": [], "metadata": {"url": POST, "content": FOG, "_processed_at": ROW["Archive date"]},
                    "status": ROW["Archive status"]}).encode("utf-8-sig"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", TABLES)
def test_a_sheet_says_the_same_however_it_was_saved(tmp_path: Path, form: str) -> None:
    name, body = TABLES[form]
    (tmp_path / name).write_bytes(body)
    assert is_sheet(tmp_path / name)
    [told] = read_sheet(tmp_path / name)
    assert told
    assert (told.url, told.is_read, told.at) == (POST, True, "2024-03-11T00:00:00.000Z")
    assert (told.text or "").replace("fog", "туман") == FOG


FRAME = "https://www.instagram.com/p/DUm6L771dVL/embed/captioned/?cr=1&rd=https%3A%2F%2Fnews.example&rp=%2Fa-very-long-address"
LETTERS = f"<!DOCTYPE html><title>{FOG}</title><p>{FOG}"


def mail(*parts: str, top: str = "multipart/related") -> bytes:
    inner = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return f'From: x\r\nMIME-Version: 1.0\r\nContent-Type: {top}; boundary="b"\r\n\r\n{inner}--b--\r\n'.encode()


def mail_page(location: str) -> str:
    said = quopri.encodestring(LETTERS.encode()).decode()
    kind = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return f"{kind}\r\nContent-Location: {location}\r\n\r\n{said}"


ENCODED = FRAME.replace("=", "=3D").replace("?", "=3F").replace("_", "=5F")
PARTS = ("Content-Location: https://a.example/x\r\n\r\n..", "Content-Type: text/html\r\n\r\n<p>", mail_page(FRAME))
INNER = mail(mail_page(FRAME), top="multipart/alternative").decode()
MAILS = {
    "an address folded over lines": mail(mail_page(FRAME[:60] + "\r\n " + FRAME[60:])),
    "an address encoded as in mail": mail(mail_page(f"=?utf-8?Q?{ENCODED}?=")),
    "parts within a part": mail(INNER.partition("MIME-Version: 1.0\r\n")[2]),
    "lines that end in a line feed only": mail(mail_page(FRAME)).replace(b"\r\n", b"\n"),
    "no end": mail(mail_page(FRAME)).replace(b"--b--", b""),
    "a part without a type, one without an address": mail(*PARTS),
}  # fmt: skip


@pytest.mark.parametrize("form", MAILS)
def test_a_page_in_mail_s_form_is_read_however_it_was_written(form: str) -> None:
    held = {each.url: each for _, each in read_parts(MAILS[form], THEN)}
    assert FRAME in held
    assert FOG in decode_html(held[FRAME].body or b"", held[FRAME].content_type)


def test_text_in_a_har_is_text_whatever_letters_it_was_served_in(tmp_path: Path) -> None:
    kinds = ("application/json; charset=windows-1251", "text/html; charset=koi8-r", "application/json", "")
    entries = [
        {"startedDateTime": "2024-03-09T11:00:00.1234567+01:00", "request": {"url": f"https://a.example/{place}#x"},
         "response": {"status": 200, "content": {"mimeType": kind, "text": FOG}}}
        for place, kind in enumerate(kinds)
    ]  # fmt: skip
    held = [each for _, each in read_entries(json.dumps({"log": {"entries": entries}}).encode("utf-8-sig"))]
    assert [decode_html(each.body or b"", each.content_type) for each in held] == [FOG] * len(kinds)
    assert {each.started_at for each in held} == {"2024-03-09T10:00:00.123Z"}


NOTED = f"<!DOCTYPE html>\r\n<!-- saved from url=({len(FRAME):04}){FRAME} -->\r\n<html><head>"
PADDED = f"<style>{'.a{}' * 2000}</style><meta charset='windows-1251'>"
WORDS = "<p>Вечером туман лёг на гавань, и на причале никого не было."
LETTERED = {
    "two bytes a letter": f"{NOTED}{WORDS}".encode("utf-16"),
    "said late, as after a style sheet": f"{NOTED}{PADDED}{WORDS}".encode("cp1251"),
    "not said": f"{NOTED}{WORDS}".encode(),
    "with a mark": f"{NOTED}{WORDS}".encode("utf-8-sig"),
}


@pytest.mark.parametrize("form", LETTERED)
def test_a_page_saved_in_any_letters_is_read(tmp_path: Path, form: str) -> None:
    (tmp_path / "post.html").write_bytes(LETTERED[form])
    assert is_saved_page(tmp_path / "post.html")
    page = next(each.exchange for each in read_saved_recordings(tmp_path / "post.html"))
    assert (page.url, "туман" in decode_html(page.body or b"", page.content_type)) == (FRAME, True)


def test_a_page_has_the_files_of_its_own_folder_only(tmp_path: Path) -> None:
    """Not its neighbour's whose name begins alike; and a name may hold what patterns are made of."""
    for name in ("post [1].html", "post [1] 2.html"):
        folder = tmp_path / f"{name.removesuffix('.html')}_files"
        folder.mkdir()
        (folder / "a.jpg").write_bytes(name.encode())
        (tmp_path / name).write_text(f'{NOTED}<img src="./{folder.name}/a.jpg">', "utf-8")
    for name in ("post [1].html", "post [1] 2.html"):
        files = [each.exchange.body for each in read_saved_recordings(tmp_path / name)]
        assert [body for body in files if b"html" in (body or b"")[:20] and b"<" not in (body or b"")] == [
            name.encode()
        ]


def test_two_posts_on_one_page_are_two_and_one_under_another_s_address_is_none(tmp_path: Path) -> None:
    names = ("instagram", "telegram")
    two = [record(name)[0] for name in names]
    stranger = replace(two[0], url=two[0].url.replace("DUm6L771dVL", "C79gQqLpkul"))
    held = [each.exchange for each in read_saved_recordings(write_mhtml(tmp_path / "a.mhtml", [*two, stranger]))]
    for name in names:
        [sight] = gather(find_post(find_scene(name)), held)
        assert judge(sight).verdict.outcome == "available"
    other = identify_post(stranger.url)
    assert other
    [sight] = gather(other, held)
    assert judge(sight).verdict.reason == "wrong_post"
