"""Requests that anyone may send to a reading room, each made to take all of its memory or time."""

# ruff: noqa: E501 (each question is one line)

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from urllib.parse import quote, urlencode

from embedarchive.store.blobs import hash_bytes

PAGE = b"<p>" + b"<div class=a>x" * 1_100_000
FILE = b"GIF89a" + bytes(45_000_000)
BOMB_SIZE = 400_000_000


def add_large_files(path: Path) -> None:
    """Give an archive a page of 15 MB, kept of capture 1, a file of 45 MB, and a text that says it inflates to little and
    does not."""
    conn = sqlite3.connect(path)
    add = "INSERT INTO blobs (sha256, size, encoding, body) VALUES (?, ?, ?, ?)"
    conn.execute(add, (hash_bytes(PAGE), len(PAGE), "zlib", zlib.compress(PAGE, 1)))
    conn.execute(add, (hash_bytes(FILE), len(FILE), "identity", FILE))
    conn.execute(add, ("b" * 64, 1000, "zlib", zlib.compress(bytes(BOMB_SIZE), 9)))
    position = conn.execute("SELECT coalesce(max(position) + 1, 0) FROM artifacts WHERE capture_id = 3").fetchone()[0]
    conn.execute(
        "INSERT INTO artifacts (capture_id, role, position, sha256, content_type, size) VALUES (3, 'dom', ?, ?, 'text/html', ?)",
        (position, hash_bytes(PAGE), len(PAGE)),
    )
    conn.commit()
    conn.close()


def sql(text: str) -> str:
    return "/embeds.json?" + urlencode({"sql": text})


MANY = "captures a, captures b, captures c, captures d"
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) "
QUESTIONS = {
    "files in every row": f"select zeroblob(9900000) || zeroblob(1) from {MANY}",
    "small blobs in every row": f"select zeroblob(99900) from {MANY}",
    "texts in every row": f"select printf('%.*c', 99900, 'x') from {MANY}",
    "texts of wide letters": f"select printf('%.*c', 98000, 'x') || '\U0001f54a' from {MANY}",
    "many wide columns": "select " + ", ".join(["printf('%.*c', 99000, 'x') || '\U0001f54a'"] * 190),
    "one text in many columns": "select " + ", ".join(["s"] * 190) + " from (select printf('%.*c', 99000, 'x') || 'é' as s)",
    "a thousand texts held at once": "select " + " + ".join(f"(printf('%.*c', 99000, {n}) is null)" for n in range(180)),
    "a key of 40 MB": "select post_key(printf('%.*c', 40000000, '/'))",
    "keys of half a megabyte": f"select post_key(printf('%.*c', 99000, '/')) from {MANY}",
    "addresses in addresses": f"select canonical_url('https://a.example/?u=' || replace(printf('%.*c', 7900, 'x'), 'x', '%2F') || a.id || b.id) from {MANY}",
    "dates of any id": f"select sum(length(id_date('instagram:' || hex(randomblob(200))))) from {MANY}",
    "a random gigabyte": "select length(randomblob(1000000000))",
    "endless count": ENDLESS + "select count(*) from n",
    "endless text": "with recursive n(s) as (select 'xxxxxxxx' union all select s || s from n) select max(length(s)) from n",
    "endless set": "with recursive n(s) as (select '1' union select s || hex(randomblob(2000)) from n) select count(*) from n",
    "endless sort": ENDLESS + "select i, hex(randomblob(40000)) as r from n order by r limit 5",
    "endless grouping": ENDLESS + "select group_concat(hex(randomblob(40000))) from n",
    "endless array": ENDLESS + "select json_group_array(hex(randomblob(20000))) from n",
    "square of a text, instr": "select instr(printf('%.*c', 99000, 'a'), printf('%.*c', 49000, 'a') || 'b')",
    "square of a text, replace": "select length(replace(printf('%.*c', 99000, 'a'), printf('%.*c', 49000, 'a') || 'b', 'x'))",
    "square of a text, trim": "select trim(printf('%.*c', 99000, 'b'), replace(hex(zeroblob(40000)), '0', 'a') || 'b')",
    "a line of many likes": "select " + " + ".join(["(s like p)"] * 700) + " from (select printf('%.*c', 99000, 'a') as s, '%" + "a_" * 40 + "b' as p)",
    "square of a text, like": f"select sum(printf('%.*c', 99000 + a.id % 2, 'a') like '%{'a_' * 49}b') from {MANY}",
    "square of a text, glob": f"select sum(printf('%.*c', 99000 + a.id % 2, 'a') glob '{'*a' * 49}b') from {MANY}",
    "a text that grows by replacing": "select length(replace(printf('%.*c', 99000, 'a'), 'a', printf('%.*c', 99000, 'b')))",
    "a function of functions": "select " + "quote(" * 90 + "zeroblob(1000)" + ")" * 90,
    "every row by every row": f"select count(*) from {MANY}, exchanges e, exchanges f, embeds g, embeds h, artifacts i",
    "windows over windows": f"select sum(a.id) over (order by random() rows between unbounded preceding and unbounded following) from {MANY}, artifacts e",
    "a tree of JSON": "select count(*) from json_tree('[' || replace(hex(zeroblob(6000)), '00', '[[1]],') || '1]') a, json_tree('[1,[2,[3]]]') b, captures, checks, artifacts, exchanges",
    "words of everything": "select count(*) from embeds_fts a, embeds_fts b, articles_fts c, descriptions_fts d where a.embeds_fts match 'a* OR b* OR c* OR t*'",
}  # fmt: skip
PAGES = {
    "the list of files, whole": "/embeds/blobs?_col=body&_size=max",
    "a file of 45 MB in its row": "/embeds/blobs.json?_col=body&size=" + str(len(FILE)),
    "every facet": "/embeds/exchanges?_size=max&" + "&".join(f"_facet={name}" for name in ("url", "method", "status", "request_headers", "response_headers", "body_sha256", "started_at")),
    "a page of 15 MB shown again": "/embeds/-/snapshot/3",
    "a page of 15 MB as text": f"/embeds/-/source/{hash_bytes(PAGE)}",
    "a text that inflates for ever": f"/embeds/-/source/{'b' * 64}",
    "a card with all of it": "/embeds/-/card/instagram:DVRjR2E2RBD",
    "a film of 45 MB": f"/embeds/-/media/{hash_bytes(FILE)}",
    "words without end": "/embeds/-/find?q=" + quote("a* OR " * 2000 + '"' * 500),
    "brackets without end": "/embeds/-/find?q=" + quote("<div>" * 4000),
}  # fmt: skip
FORM = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--x--\r\n'
FORMS = {
    "words of 9 MB": FORM % (b"q", b"https://www.instagram.com/p/ " * 300_000),
    "markup of 9 MB": FORM % (b"q", b"<blockquote class=instagram-media>" * 260_000),
    "a form of nothing but boundaries": b"--x\r\n\r\n" * 1_200_000,
}

REQUESTS: dict[str, tuple[str, str, bytes]] = {
    **{name: ("GET", sql(text), b"") for name, text in QUESTIONS.items()},
    **{name: ("GET", url, b"") for name, url in PAGES.items()},
    **{name: ("POST", "/embeds/-/find", body) for name, body in FORMS.items()},
}
"""Method, address and body of each, by what it tries."""
