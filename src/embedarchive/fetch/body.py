"""Raw bytes of a response turned into its decoded body, never more of it than asked for. Pure.

httpx would decompress a chunk whole: 269 bytes of gzip in gzip in gzip become 1 GB in memory. Here each decoder is told how
much it may give at a time, what every stage of a chain gave is counted, and a stream that stops before its end mark is
noticed, which no HTTP framing would. The same rules hold for what comes from the network, from a file and from a web archive.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import brotli

from embedarchive.fetch.zstd import zstd

_STEP = 1 << 20
"""Most bytes one call of a decoder may give: longer would stop the event loop for too long."""

_DEEPEST = 4
"""Codings in a chain; every browser undoes chains, and no server has a reason for a longer one."""

ACCEPT_ENCODING = "gzip, deflate, br, zstd"


def find_codings(content_encoding: str | None) -> tuple[str, ...] | None:
    """The content codings of a response in the order in which they were applied, None for what is not undone here."""
    codings = [c for c in re.split(r"[\s,]+", (content_encoding or "").lower()) if c and c not in ("identity", "none")]
    known = len(codings) <= _DEEPEST and all(coding in _STAGES for coding in codings)
    if known:
        return tuple(codings)
    return None


class Body:
    """A body while it arrives. `truncated` says why it is not the whole; set once, the first reason stays.

    `codings` are those that were applied, the last of which is undone first.
    """

    def __init__(self, codings: tuple[str, ...], max_bytes: int) -> None:
        self.data: bytearray | bytes = bytearray()
        self.truncated: str | None = None
        self._stages = [_STAGES[coding]() for coding in reversed(codings)]
        self._given = [0] * len(codings)
        self._max = max_bytes
        self._wire = 0

    def add(self, chunk: bytes) -> bool:
        """Take what arrived; False when no more is wanted."""
        self._wire += len(chunk)
        try:
            self._decode(0, chunk)
        except DECODER_FAULTS:
            self.cut("bad_encoding")
        if len(self.data) > self._max or self._wire > self._max:
            self.data = self.data[: self._max]
            self.cut("too_large")
        return self.truncated is None

    def take(self, whole: bytes) -> None:
        """Take a body that is all there, and in no coding, without copying it."""
        self.data = whole[: self._max]
        if len(whole) > self._max:
            self.cut("too_large")

    def cut(self, reason: str) -> None:
        """Mark the body as not the whole."""
        self.truncated = self.truncated or reason

    def finish(self, *, framed: bool) -> None:
        """Look at the end: `framed` says that the server announced where it would be.

        Where it did not, a cut looks like an end; a compressed stream's own end or `</html>` then proves the whole.
        """
        ended = bool(self._stages) and all(stage.eof for stage in self._stages)
        if self._stages and self._wire and not ended:
            self.cut("incomplete")
        elif not framed and not ended and b"</html>" not in self.data[-1024:].lower():
            self.cut("unknown_length")

    def _decode(self, depth: int, data: bytes) -> None:
        """Put bytes through the stages from `depth` on. What a stage gives is bounded as the whole is."""
        if depth == len(self._stages):
            self.data += data
            return
        for piece in self._stages[depth].decode(data):
            self._given[depth] += len(piece)
            self._decode(depth + 1, piece)
            if self._given[depth] > self._max:
                self.cut("too_large")
            if self.truncated:
                return


class _Stage(Protocol):
    """One content coding on its way to be undone."""

    @property
    def eof(self) -> bool: ...

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what these bytes hold, in pieces of about `_STEP` bytes at most."""


class _Inflate:
    """gzip, several end to end (RFC 1952), and deflate in both of its forms (RFC 9110, 8.4.1.2)."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._waiting = b""
        self._inflater: zlib._Decompress | None = None

    @property
    def eof(self) -> bool:
        return self._inflater is not None and self._inflater.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            data = self._waiting + data
            if len(data) < 2:
                self._waiting = data
                return
            self._inflater = zlib.decompressobj(31 if self._is_gzip else _find_window(data))
        while data:
            if self._inflater.eof:
                if not self._is_gzip or not b"\x1f\x8b".startswith(data[:2]):
                    return  # padding after the end, which every browser ignores
                self._inflater = zlib.decompressobj(31)
            yield self._inflater.decompress(data, _STEP)
            if self._inflater.eof:
                data = self._inflater.unused_data
            else:
                data = self._inflater.unconsumed_tail


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._decoder: Any = brotli.Decompressor()

    @property
    def eof(self) -> bool:
        try:
            return bool(self._decoder.is_finished())
        except brotli.error:  # a decoder that has failed once raises for every question
            return False

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self.eof:
            return
        yield self._decoder.process(data, output_buffer_limit=_STEP)
        while not self.eof and not self._decoder.can_accept_more_data():
            yield self._decoder.process(b"", output_buffer_limit=_STEP)


class _Zstandard:
    """zstd (RFC 8878), frames end to end. A window beyond the 8 MiB of RFC 9659 is met in files, and taken."""

    def __init__(self, dictionary: zstd.ZstdDict | None = None) -> None:
        self._dictionary = dictionary
        self._decoder = zstd.ZstdDecompressor(dictionary)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._decoder.needs_input or self._decoder.eof):
            if self._decoder.eof:
                self._decoder = zstd.ZstdDecompressor(self._dictionary)
            yield self._decoder.decompress(data, _STEP)
            data = b""
            if self._decoder.eof:
                data = self._decoder.unused_data


def decode_stream(chunks: Iterable[bytes], coding: str, dictionary: zstd.ZstdDict | None = None) -> Iterator[bytes]:
    """Undo one coding of a stream of any length, piece by piece; `dictionary` is zstd's.

    Raises ValueError at the end of a stream that stops before its end mark (many readers take EOFError for the end of what they
    read), and the decoder's own errors (`DECODER_FAULTS`).
    """
    stage = _Zstandard(dictionary) if coding == "zstd" else _STAGES[coding]()
    for chunk in chunks:
        yield from stage.decode(chunk)
    if not stage.eof:
        raise ValueError("a packed file stops before its end")


def _find_window(data: bytes) -> int:
    """zlib's name for the format: zlib, or the bare deflate that some servers send."""
    is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    if is_zlib:
        return 15
    return -15


DECODER_FAULTS = (zlib.error, brotli.error, zstd.ZstdError)
_STAGES: dict[str, Callable[[], _Stage]] = {
    "gzip": lambda: _Inflate(is_gzip=True),
    "x-gzip": lambda: _Inflate(is_gzip=True),
    "deflate": lambda: _Inflate(is_gzip=False),
    "br": _Brotli,
    "zstd": _Zstandard,
}
