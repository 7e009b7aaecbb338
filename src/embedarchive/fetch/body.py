"""Raw bytes of a response turned into its decoded body, never more of it than asked for. Pure.

httpx would decompress a chunk whole: 269 bytes of gzip in gzip in gzip become 1 GB in memory. Here zlib is told how
much it may give, and a stream that stops before its end mark is noticed, which no HTTP framing would.
"""

from __future__ import annotations

import re
import zlib

_STEP = 1 << 20
"""Most bytes one call of zlib may give: longer would stop the event loop for too long."""

CODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
ACCEPT_ENCODING = "gzip, deflate"


def find_coding(content_encoding: str | None) -> str | None:
    """The one content coding of a response: `""` for none, None for one (or a chain) that is not undone here."""
    codings = [c for c in re.split(r"[\s,]+", (content_encoding or "").lower()) if c and c != "identity"]
    if not codings:
        return ""
    return codings[0] if len(codings) == 1 and codings[0] in CODINGS else None


class Body:
    """A body while it arrives. `truncated` says why it is not the whole; set once, the first reason stays."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self.data = bytearray()
        self.truncated: str | None = None
        self._coding = coding
        self._max = max_bytes
        self._wire = 0
        self._waiting = b""
        self._inflater: zlib._Decompress | None = None

    def add(self, chunk: bytes) -> bool:
        """Take what arrived; False when no more is wanted."""
        self._wire += len(chunk)
        if self._coding:
            self._inflate(chunk)
        else:
            self.data += chunk
        if len(self.data) > self._max or self._wire > self._max:
            del self.data[self._max :]
            self.cut("too_large")
        return self.truncated is None

    def cut(self, reason: str) -> None:
        """Mark the body as not the whole."""
        self.truncated = self.truncated or reason

    def finish(self, *, framed: bool) -> None:
        """Look at the end: `framed` says that the server announced where it would be.

        Where it did not, a cut looks like an end; a compressed stream's own end or `</html>` then proves the whole.
        """
        ended = self._inflater is not None and self._inflater.eof
        if self._coding and self._wire and not ended:
            self.cut("incomplete")
        elif not framed and not ended and b"</html>" not in self.data[-1024:].lower():
            self.cut("unknown_length")

    def _inflate(self, data: bytes) -> None:
        if self._inflater is None:
            data = self._waiting + data
            if len(data) < 2:
                self._waiting = data
                return
            self._inflater = zlib.decompressobj(_find_window(self._coding, data))
        try:
            while data and len(self.data) <= self._max:
                data = self._inflate_step(self._inflater, data)
        except zlib.error:
            self.cut("bad_encoding")

    def _inflate_step(self, inflater: zlib._Decompress, data: bytes) -> bytes:
        """Decode one step and give what is left of the input. A gzip file may be several, end to end (RFC 1952)."""
        if inflater.eof:
            if self._coding == "deflate" or not b"\x1f\x8b".startswith(data[:2]):
                return b""  # padding after the end, which every browser ignores
            inflater = self._inflater = zlib.decompressobj(31)
        self.data += inflater.decompress(data, min(_STEP, self._max + 1 - len(self.data)))
        return inflater.unused_data if inflater.eof else inflater.unconsumed_tail


def _find_window(coding: str, data: bytes) -> int:
    """zlib's name for the format: gzip, zlib, or the bare deflate that some servers send (RFC 9110, 8.4.1.2)."""
    if coding != "deflate":
        return 31
    is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return 15 if is_zlib else -15
