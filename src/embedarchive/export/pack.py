"""Captures and downloads with their proofs -> an evidence pack: one BagIt zip that an expert can check without us.

The same pack twice is the same bytes: nothing in it depends on when it was made, but for what was recorded in between.
"""

from __future__ import annotations

import json
import mimetypes
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from embedarchive import library
from embedarchive.core.version import __version__
from embedarchive.export.atomic import atomic_write
from embedarchive.export.bag import PAYLOAD, Bag, copy_file
from embedarchive.export.crate import CRATE, make_crate
from embedarchive.export.custody import list_events, write_events
from embedarchive.export.exhibits import Chosen, Exhibit, show_alone
from embedarchive.export.lines import Stored
from embedarchive.export.package import Sign
from embedarchive.export.read_me import READ_ME, write_read_me
from embedarchive.export.selection import Selection
from embedarchive.export.visits import find_description, read_picture_type, tell_fetch, tell_visit
from embedarchive.export.wacz import export_wacz
from embedarchive.library.proofs import read_growth
from embedarchive.library.records import LoggedEntry, ProofRecord, StoredFile
from embedarchive.library.rows import select
from embedarchive.show.card import render_card
from embedarchive.show.proof import PROOF, render_proof
from embedarchive.store.fixity import Checked, read_pieces

VERIFIER = "verify.py"
HANDED = ("screenshot", "media", "poster", "avatar", "thumbnail", "subtitles")
"""Roles of files that lie in a pack by themselves; all others are in its web archive."""

GROWTH = "consistency.json"
"""What shows that the log under a pack's checkpoint grew out of those that were signed before."""

SUFFIXES = {"image/webp": ".webp", "image/avif": ".avif", "text/vtt": ".vtt", "audio/mp4": ".m4a", "video/mp4": ".mp4"}


@dataclass(frozen=True, slots=True)
class Packed:
    """What a pack holds. `damaged` maps the sha256 of what was left out to what is wrong with it."""

    name: str
    captures: int
    downloads: int
    files: int
    bytes: int
    posts: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


def write_pack(
    conn: sqlite3.Connection, out: Path, chosen: Chosen, sign: Sign | None, *, overwrite: bool = False
) -> Packed:
    """Write the pack of what was chosen to `out`, as this connection may see it, whole or not at all; `sign` its web archives.

    Raises UsageError where something is there already, DiskFull.
    """
    moment = max(each.at for each in chosen.exhibits)
    name = f"evidence-{make_name(chosen.name)}"
    checked = Checked(conn)
    with (
        atomic_write(out, overwrite) as draft,
        tempfile.TemporaryDirectory(prefix="embedarchive-") as room,
        Bag(draft, name, moment) as bag,
    ):
        for number, exhibit in enumerate(chosen.exhibits, 1):
            place = PAYLOAD
            if len(chosen.exhibits) > 1:
                place += f"{number:03}-{exhibit.at[:10]}-{make_name(exhibit.label)}/"
            Writer(conn, bag, place, exhibit, checked, Path(room), sign).write()
        bag.add(f"{PAYLOAD}{CRATE}", make_crate(chosen, moment, bag.hashes()))
        bag.add(READ_ME, write_read_me(chosen, list(bag.sizes)))
        bag.add(VERIFIER, files("embedarchive.export").joinpath("in_pack", VERIFIER).read_bytes())
        bag.finish({"Bagging-Software": f"embedarchive {__version__}", "Bagging-Date": moment[:10],
                    "External-Identifier": chosen.name, "External-Description": say_contents(chosen)})  # fmt: skip
        held = len(bag.sizes)
    visits = sum(each.kind == "capture" for each in chosen.exhibits)
    downloads = sum(each.kind == "fetch" for each in chosen.exhibits)
    return Packed(name, visits, downloads, held, out.stat().st_size, chosen.posts, checked.damaged)


def say_contents(chosen: Chosen) -> str:
    return "; ".join(f"{each.title} on {each.at}" for each in chosen.exhibits)


def make_name(text: str) -> str:
    """A text as part of a file's name: ASCII letters and numbers, no longer than 60. Pure."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text)[:60].strip("-.") or "pack"


@dataclass(frozen=True, slots=True)
class Writer:
    """One exhibit on its way into a bag, under `place`."""

    conn: sqlite3.Connection
    bag: Bag
    place: str
    exhibit: Exhibit
    checked: Checked
    room: Path
    sign: Sign | None

    def write(self) -> None:
        if self.exhibit.kind == "capture":
            self.write_capture()
        elif self.exhibit.kind == "fetch":
            self.write_fetch()
        else:
            self.write_rendering()
        self.add("evidence/custody.jsonl", write_events(list_events(self.conn, self.exhibit)))
        for name, body in list_evidence(self.exhibit.proof):
            self.add(f"evidence/{name}", body)
        size = self.exhibit.proof.size
        self.add(f"evidence/{GROWTH}", write_growth(size, read_growth(self.conn, size)))

    def add(self, name: str, body: bytes) -> None:
        self.bag.add(self.place + name, body)

    def write_capture(self) -> None:
        """The card, the files that a reader saw, the web archive, and what was read from them."""
        number = self.exhibit.subject
        capture, record = library.capture_record(self.conn, number), None
        if self.exhibit.key:
            record = library.post_record(self.conn, self.exhibit.key)
        [row] = select(self.conn, "SELECT * FROM captures WHERE id = ?", number)
        if capture and record:
            below = render_proof(self.exhibit.proof)
            card = render_card(show_alone(record, capture), self.checked.read, below=below, style=PROOF)
            self.add("card.html", card.encode("utf-8", "replace"))
            for kept in capture.artifacts:
                self.write_file(kept)
        self.write_wacz(Selection(captures=(number,), fetches=()))
        self.write_json("description.json", tell_visit(self.conn, row, find_description(self.conn, number)))

    def write_fetch(self) -> None:
        number = self.exhibit.subject
        [row] = select(self.conn, "SELECT * FROM fetches WHERE id = ?", number)
        self.write_wacz(Selection(captures=(), fetches=(number,)))
        self.write_json("description.json", tell_fetch(self.conn, row))

    def write_rendering(self) -> None:
        """The picture of the whole article, and its page as a text, which nobody opens in a browser by mistake."""
        [row] = select(self.conn, "SELECT * FROM fetches WHERE id = ?", self.exhibit.subject)
        self.write_blob("page.html.txt", row["dom_sha256"])
        picture = self.checked.find(row["screenshot_sha256"])
        if picture:
            suffix = (
                mimetypes.guess_extension(read_picture_type(self.checked, Stored(picture.sha256, picture.size)))
                or ".bin"
            )
            self.write_blob(f"article{suffix}", picture.sha256)

    def write_file(self, kept: StoredFile) -> None:
        """A file of a capture, under a name that says what it is."""
        if kept.role in HANDED and kept.held:
            media_type = kept.content_type.partition(";")[0].strip().lower()
            suffix = SUFFIXES.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
            if kept.role == "screenshot":
                self.write_blob(f"screenshot{suffix}", kept.sha256)
            else:
                self.write_blob(f"media/{kept.role}-{kept.position}{suffix}", kept.sha256)

    def write_blob(self, name: str, sha256: str | None) -> None:
        """Bytes of the archive, where it has them and they are sound."""
        held = self.checked.find(sha256)
        if held:
            self.bag.add(self.place + name, read_pieces(self.conn, held))

    def write_wacz(self, selection: Selection) -> None:
        draft = self.room / "page.wacz"
        done = export_wacz(self.conn, draft, self.exhibit.at, selection, sign=self.sign)
        self.checked.damaged.update(done.damaged)
        self.bag.add(f"{self.place}page.wacz", copy_file(draft))

    def write_json(self, name: str, told: Mapping[str, Any]) -> None:
        self.add(name, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace"))


# ------------------------------------------------------------------------------------------------------------- evidence


def list_evidence(proof: ProofRecord) -> Iterator[tuple[str, bytes]]:
    """The files of a proof: what `verify.py` reads, and openssl. Pure."""
    yield "entry.json", proof.place.entry
    yield "proof.json", write_place(proof.place, proof.size)
    if proof.withdrawal:
        yield "withdrawal.json", proof.withdrawal.entry
        yield "withdrawal-proof.json", write_place(proof.withdrawal, proof.size)
    words = [{"column": each.column, "salt": each.salt.hex(), "words": each.words} for each in proof.words]
    yield "words.json", (json.dumps(words, indent=1) + "\n").encode()  # ASCII: it may hold halves of surrogate pairs
    yield "checkpoint.note", proof.note.encode()
    yield "checkpoint.txt", proof.text.encode()
    yield "checkpoint.sig", proof.signature
    yield "key.pem", write_public_key(proof.key)
    for number, stamp in enumerate(proof.stamps, 1):
        yield f"stamp-{number}.tsr", stamp.token
        yield f"stamp-{number}.pem", stamp.root.encode()


def write_place(place: LoggedEntry, size: int) -> bytes:
    hashes = [each.hex() for each in place.hashes]
    told = {"index": place.index, "size": size, "leaf": place.leaf.hex(), "hashes": hashes}
    return (json.dumps(told, indent=1) + "\n").encode()


def write_growth(size: int, growth: Mapping[int, tuple[bytes, Sequence[bytes]]]) -> bytes:
    """How a log grew: `hashes`, each once, and `from` each smaller size that was signed its way to the root of `size`. Pure.

    A way is the proof of RFC 9162, section 2.1.4, by the places of its hashes in that list.
    """
    hashes = list(dict.fromkeys(each for _, proof in growth.values() for each in proof))
    places = {each: place for place, each in enumerate(hashes)}
    ways = [
        {"size": old, "root": root.hex(), "way": [places[each] for each in proof]}
        for old, (root, proof) in growth.items()
    ]
    told = {"size": size, "hashes": [each.hex() for each in hashes], "from": ways}
    return (json.dumps(told) + "\n").encode()


def write_public_key(key: bytes) -> bytes:
    """32 bytes of Ed25519 as PEM."""
    return Ed25519PublicKey.from_public_bytes(key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
