"""Bytes of a document -> its text, as browsers choose the encoding (html.spec.whatwg.org, "determining the character
encoding"), and back; never an exception. Pure."""

from __future__ import annotations

import codecs
import re

_SNIFFED = 2048
_GUESSED = 200_000
_LONGEST_CHARACTER = 4
_MARKUP = re.compile(rb"(?is)<(?:script|style)\b.{0,100000}?</(?:script|style)|<[^<>]{0,5000}>")
_META = re.compile(rb"""<meta\b[^>]{0,512}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""")
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_HEADER = re.compile(r"""(?i)charset\s*=\s*["']?\s*([\w.:-]{1,40})""")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# encoding.spec.whatwg.org: what a label means on the web, where Python means less by it; whatever is not here or in
# _PLAIN (utf-7, above all, in which `+ADw-` is a tag) is not an encoding of the web.
_WEB = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
    "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8", "utf-8": "utf-8", "utf-8-sig": "utf-8",
}  # fmt: skip
_PLAIN = re.compile(r"^(?:cp125\d|cp866|cp874|cp932|cp949|iso8859-\d+|koi8-[ru]|mac-(?:roman|cyrillic)|gb18030|big5hkscs"
                    r"|euc_jp|iso2022_jp)$")  # fmt: skip


def _codec(label: str | None) -> str | None:
    if not label:
        return None
    try:
        name = codecs.lookup(label).name
    except (LookupError, UnicodeError, ValueError):
        return None
    if _PLAIN.match(name):
        return _WEB.get(name, name)
    return _WEB.get(name)


def _looks_utf16(body: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of the first tags is NUL."""
    head = body[:64]
    if len(head) < 8 or b"\x00" not in head:
        return None
    if head[1::2].count(0) > len(head) // 3:
        return "utf-16-le"
    if head[0::2].count(0) > len(head) // 3:
        return "utf-16-be"
    return None


def _read_label(head: bytes) -> str | None:
    """The encoding that a document says it is in."""
    low = head.lower()
    m = None
    if b"<?xml" in low[:256]:
        m = _XML.match(low)
    if m is None and b"charset" in low:
        m = _META.search(low)
    if m:
        return m[1].decode("ascii")
    return None


def _read_header(content_type: str | None) -> str | None:
    """The encoding that HTTP says a document is in."""
    said = _HEADER.search(content_type or "")
    if said:
        return said[1]
    return None


def choose_encoding(body: bytes, content_type: str | None = None) -> str:
    """The codec's name: byte order mark, then HTTP, then the document's own word, then what the bytes can be."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    wide = _looks_utf16(body)
    if wide:
        return wide
    if body.isascii() and b"\x1b" not in body:
        return "utf-8"  # every encoding of the web agrees on these, save one that escapes
    labels = (_read_header(content_type), _read_label(body[:_SNIFFED]))
    named = next((codec for codec in map(_codec, labels) if codec), None)
    if named == "utf-8" or (named == "iso2022_jp" and body.isascii()):
        return named
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if named:
            return named
        if error.start >= len(body) - _LONGEST_CHARACTER:
            return "utf-8"  # its last character was cut
        return _guess(body)
    return "utf-8"  # text that is valid UTF-8 by chance does not exist; a label that says otherwise is wrong


def _guess(body: bytes) -> str:
    """What an undeclared document of bytes that are no UTF-8 is most likely in, by its words alone (chardet)."""
    from chardet import detect  # a third of a second to load, for the few documents that need it

    words = _MARKUP.sub(b" ", body[:_GUESSED])
    return _codec(detect(words)["encoding"] or "") or "cp1252"


def decode_html(body: bytes | str, content_type: str | None = None) -> str:
    """The text of a document; what cannot be decoded becomes U+FFFD, lone surrogates and NULs too."""
    if isinstance(body, bytes):
        text = body.decode(choose_encoding(body, content_type), "replace").removeprefix("\ufeff")
    else:
        text = body.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.replace("\x00", "\ufffd")


def encode_as_sent(text: str, content_type: str | None = None) -> bytes:
    """The bytes that a browser made this text of: in the encoding that HTTP, or a document, names, where that can say all
    of it, else as UTF-8."""
    labels = [_read_header(content_type)]
    if "html" in (content_type or "html").lower():
        labels.append(_read_label(text[:_SNIFFED].encode("utf-8", "replace")))
    named = next((codec for codec in map(_codec, labels) if codec), "utf-8")
    try:
        return text.encode(named)
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def to_utf8(body: bytes | str, content_type: str | None = None) -> bytes:
    """The same text as UTF-8 bytes; almost always those that came."""
    if isinstance(body, bytes) and b"\x00" not in body and choose_encoding(body, content_type) == "utf-8":
        return body.removeprefix(codecs.BOM_UTF8)
    return decode_html(body, content_type).encode("utf-8")
