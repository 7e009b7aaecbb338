"""A secret -> the ways in which a page may write it, and the places in which it may stand."""

from __future__ import annotations

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

Spell = Callable[[str], str]


def _each(form: str) -> Spell:
    return lambda text: "".join(form.format(ord(letter)) for letter in text)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _php(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


def _quote_all(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


SPELLINGS: dict[str, Spell] = {
    "plain": str,
    "percent": lambda s: quote(s, safe=""),
    "percent, lower case": lambda s: (
        quote(s, safe="").replace("%3A", "%3a").replace("%2F", "%2f").replace("%2B", "%2b")
    ),
    "percent, every letter": _quote_all,
    "percent, every letter, lower": lambda s: _quote_all(s).lower(),
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent twice, every letter": lambda s: quote(_quote_all(s), safe=""),
    "percent three times": lambda s: quote(quote(_quote_all(s), safe=""), safe=""),
    "percent u": _each("%u{:04X}"),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON in JSON": lambda s: json.dumps(json.dumps(s))[1:-1],
    "JSON, every letter": _each("\\u{:04x}"),
    "JSON, upper case": _each("\\u{:04X}"),
    "JSON in JSON, every letter": lambda s: json.dumps(_each("\\u{:04x}")(s))[1:-1],
    "PHP's JSON": _php,
    "PHP's JSON in an attribute": lambda s: html.escape(_php(s)),
    "PHP's JSON twice": lambda s: _php(_php(s)),
    "slashes added": lambda s: s.replace("\\", "\\\\").replace("'", "\\'").replace("/", "\\/"),
    "JavaScript, hexadecimal": _each("\\x{:02x}"),
    "JavaScript, braces": _each("\\u{{{:x}}}"),
    "JavaScript, octal": _each("\\{:03o}"),
    "Python, long": _each("\\U{:08x}"),
    "hyphens as the BBC writes them": lambda s: s.replace("-", "\\u002D").replace(":", "\\u003A"),
    "ampersands as React writes them": lambda s: s.replace("&", "\\u0026").replace("=", "\\u003d"),
    "entities": lambda s: html.escape(s, quote=True),
    "entities, decimal": _each("&#{};"),
    "entities, padded": _each("&#{:07d};"),
    "entities, hexadecimal": _each("&#x{:x};"),
    "entities, upper case": _each("&#X{:X};"),
    "entities twice": lambda s: html.escape(_each("&#{};")(s)),
    "entities of percent": lambda s: html.escape(quote(s, safe="")).replace("%", "&#37;"),
    "percent of entities": lambda s: quote(_each("&#{};")(s), safe=""),
    "style sheet": _each("\\{:06x}"),
    "style sheet, short": _each("\\{:x} "),
    "quoted-printable": lambda s: "".join(f"={byte:02X}" for byte in s.encode()),
    "quoted-printable, broken": lambda s: quopri.encodestring(s.encode()).decode()[:7] + "=\r\n" + s[7:],
    "base64": _b64,
    "base64, no padding": lambda s: _b64(s).rstrip("="),
    "base64 of addresses": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64, begun before": lambda s: _b64(f'{{"a":1,"t":"{s}","z":[2]}}'),
    "base64, one letter before": lambda s: _b64("x" + s),
    "base64, two letters before": lambda s: _b64("xy" + s),
    "base64 twice": lambda s: _b64(_b64(s)),
    "base64 in lines": lambda s: base64.encodebytes((s * 4).encode()).decode().strip(),
    "base64 of JSON": lambda s: _b64(_each("\\u{:04x}")(s)),
    "base64 in an address": lambda s: quote(_b64(s), safe=""),
    "percent in base64 in an address": lambda s: quote(_b64(quote(s, safe="")), safe=""),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal, upper case": lambda s: s.encode().hex().upper(),
    "hexadecimal, odd": lambda s: "f" + s.encode().hex(),
    "UTF-16": lambda s: s.encode("utf-16-le").decode("latin-1"),
}
"""Name -> what writes a secret so."""

PLACES: dict[str, str] = {
    "text": "<p>before {} after</p>",
    "attribute": '<a data-x="before {} after" href="#">',
    "script": '<script>window.state = {{"a": "before", "t": "{}", "z": "after"}};</script>',
    "address": "https://www.instagram.com/before?x=1&t={}&y=after",
    "header": "before; v={}; path=/after",
    "style": ".before {{ content: '{}' }} .after {{}}",
}
"""Name -> where it may stand."""
