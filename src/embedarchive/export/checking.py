"""An evidence pack, zipped or unpacked -> what is wrong with it: what its own `verify.py` finds, by other means. Read-only.

Anybody may have made the pack: nothing of it is run or unpacked to disk, and it is read piece by piece.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import Certificate
from warcio.archiveiterator import ArchiveIterator

from embedarchive.core.checkpoint import (
    Checkpoint,
    Signature,
    SignedNote,
    find_signers,
    hash_key,
    read_checkpoint,
    read_note,
)
from embedarchive.core.entries import commit_words
from embedarchive.core.errors import UsageError
from embedarchive.core.merkle import hash_leaf, is_consistent, is_included
from embedarchive.export.bag import MANIFEST, TAG_MANIFEST
from embedarchive.store.timestamps import judge_stamp, read_certificates
from embedarchive.store.verify import Flaw

Files = Mapping[str, Callable[[], IO[bytes]]]

CODES: Mapping[str, str] = {
    "file_changed": "a file is not as the bag's list has it",
    "file_missing": "a file of the bag's list is not there",
    "file_foreign": "a file is there that the bag's lists do not have",
    "not_in_log": "the entry is not in the log, under the root that was signed",
    "signature": "the checkpoint is not signed by the key that lies beside it",
    "stamp": "a time stamp is not of that checkpoint, or not by that authority",
    "file_unknown": "a file is beside the evidence that the entry does not name",
    "body_missing": "bytes that the entry names are not in the pack, and nothing says that they were withdrawn",
    "words": "words are not those behind the salted hash in the entry",
    "against_other": "the checkpoint is of another log than those held elsewhere, or not signed by its key",
    "against_root": "the log is not what it was when a checkpoint held elsewhere was signed",
    "against_growth": "nothing shows that the log grew out of that of a checkpoint held elsewhere",
    "growth": "a proof that the log grew out of that of an older checkpoint does not hold",
    "unreadable": "something could not be read at all",
}
"""What is wrong with a pack; the codes are those of its `verify.py`."""

WITHDRAWN = "withdrawn"
"""The code of what is no flaw: it was taken out on purpose, and the pack says so."""

NEWER = "newer"
"""The code of what is no flaw either: a checkpoint held elsewhere is newer than the pack, which cannot know of it."""

TOLD = frozenset((WITHDRAWN, NEWER))
"""The codes of what is no flaw."""

MADE = ("card.html", "description.json", "page.wacz", "ro-crate-metadata.json")
"""Files that were made out of what the entry names; all others are named by it, or are the proof itself."""

PIECE = 1_000_000
LONGEST_ERROR = 120
MOST_BYTES = 100_000_000_000
"""Of all files of a pack together, and of all bodies in a web archive: more swells out of little."""

LARGEST_TEXT = 50_000_000
"""Bytes of a file that is read whole: a list, an entry, the words."""

_NAMED = re.compile(r'"\w*sha256":"([0-9a-f]{64})"')


def check_pack(
    path: Path, against: Sequence[SignedNote] = (), roots: Sequence[Certificate] | None = None
) -> Iterator[Flaw]:
    """What is wrong with a pack, each thing with its code, and what was withdrawn of it.

    `against` are checkpoints that were held elsewhere; stamps are believed by `roots`, where None by the certificates that lie
    beside them. Raises UsageError for what is no pack.
    """
    if not path.is_dir() and not zipfile.is_zipfile(path):
        raise UsageError(f"{path} is no evidence pack: neither a zip file nor a folder. Nothing was checked.")
    with contextlib.ExitStack() as stack:
        try:
            files = open_files(path, stack)
            yield from check_bag(files)
            folders = sorted(name.removesuffix("/entry.json") for name in files if name.endswith("evidence/entry.json"))
            for folder in folders or ["data/evidence"]:
                yield from check_exhibit(files, folder, roots)
                if against:
                    yield from compare(files, folder, against)
        except (
            Exception
        ) as error:  # whatever it is: anybody may have made the pack, and ours has nothing that would raise it
            yield flaw("unreadable", f"{type(error).__name__}: {str(error)[:LONGEST_ERROR]}")


def count_unstamped(path: Path) -> int:
    """How many entries of a pack have no time stamp. Raises what `open_files` raises."""
    with contextlib.ExitStack() as stack:
        files = open_files(path, stack)
        folders = (name.removesuffix("/entry.json") for name in files if name.endswith("evidence/entry.json"))
        return sum(not find_stamps(files, folder) for folder in folders)


def open_files(path: Path, stack: contextlib.ExitStack) -> Files:
    """The files of a pack, open for as long as `stack` is. Raises ValueError, BadZipFile for none that can be read."""
    if path.is_dir():
        return list_folder(path)
    return list_zip(stack.enter_context(zipfile.ZipFile(path)))


def flaw(code: str, what: str) -> Flaw:
    return Flaw(code, what, CODES[code])


def list_folder(path: Path) -> Files:
    """The files of an unpacked pack, by their names in it."""
    found = sorted(each for each in path.rglob("*") if each.is_file())
    return {each.relative_to(path).as_posix(): partial(open_file, each) for each in found}


def open_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def list_zip(packed: zipfile.ZipFile, most_bytes: int = MOST_BYTES) -> Files:
    """The files of a zipped pack, without the name of the one folder that they are in. Raises ValueError for too many bytes."""
    if sum(each.file_size for each in packed.infolist()) > most_bytes:
        raise ValueError("it swells beyond what a pack holds")
    return {
        each.filename.partition("/")[2]: partial(packed.open, each) for each in packed.infolist() if not each.is_dir()
    }


def read(files: Files, name: str) -> bytes:
    """A file that is read whole. Raises KeyError where it is not there, ValueError where it is too large for what it is."""
    with files[name]() as file:
        body = file.read(LARGEST_TEXT + 1)
    if len(body) > LARGEST_TEXT:
        raise ValueError(f"{name} is larger than any such file")
    return body


def hash_file(files: Files, name: str) -> str:
    digest = hashlib.sha256()
    with files[name]() as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def check_bag(files: Files) -> Iterator[Flaw]:
    """Every file is as the lists of the bag say, and there is no other (RFC 8493)."""
    listed = {TAG_MANIFEST}
    for manifest in (TAG_MANIFEST, MANIFEST):
        for line in read(files, manifest).decode().splitlines():
            digest, _, name = line.partition("  ")
            listed.add(name)
            if name not in files:
                yield flaw("file_missing", name)
            elif hash_file(files, name) != digest:
                yield flaw("file_changed", name)
    for name in files:
        if name not in listed:
            yield flaw("file_foreign", name)


def check_exhibit(files: Files, folder: str, roots: Sequence[Certificate] | None) -> Iterator[Flaw]:
    """One entry with its proof, and all that it names."""
    note, checkpoint = read_signed(files, folder)
    if note is None:
        yield flaw("signature", f"{folder}/checkpoint.note")
    for name in find_stamps(files, folder):
        if not is_stamped(files, name, roots):
            yield flaw("stamp", name)
    entry = read(files, f"{folder}/entry.json")
    place = json.loads(read(files, f"{folder}/proof.json"))
    inside, leaf = leads_to(checkpoint, place), hash_leaf(entry).hex()
    if f"{folder}/withdrawal.json" in files:
        text, other = read(files, f"{folder}/withdrawal.json"), read(files, f"{folder}/withdrawal-proof.json")
        told, there = json.loads(text), json.loads(other)
        inside = inside and leads_to(checkpoint, there) and there["leaf"] == hash_leaf(text).hex()
        inside = inside and told["stands"] == leaf and told["of"] == place["index"]
        leaf = told["leaf"]
        yield Flaw(WITHDRAWN, f"entry {place['index']}", "it is as a withdrawal left it, and the log says so")
    if not inside or leaf != place["leaf"]:
        yield flaw("not_in_log", f"{folder}/entry.json")
    name = f"{folder}/consistency.json"
    if name in files and read_growth(files, name, checkpoint) is None:
        yield flaw("growth", name)
    yield from check_held(files, folder, json.loads(entry))


def read_signed(files: Files, folder: str) -> tuple[SignedNote | None, Checkpoint]:
    """The checkpoint, and its note where it is signed by the key beside it. Raises ValueError for what is no checkpoint."""
    body, text = (read(files, f"{folder}/checkpoint.{name}") for name in ("note", "txt"))
    checkpoint, signature = read_checkpoint(text.decode()), read(files, f"{folder}/checkpoint.sig")
    key = load_pem_public_key(read(files, f"{folder}/key.pem"))
    try:
        note = read_note(body.decode())
        if not isinstance(key, Ed25519PublicKey) or note.text.encode() != text:
            return None, checkpoint
        key.verify(signature, text)
    except (InvalidSignature, ValueError):
        return None, checkpoint
    public = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    named = hash_key(checkpoint.origin, public)
    is_beneath = Signature(checkpoint.origin, named, signature) in note.signatures
    return (note if is_beneath else None), checkpoint


def find_stamps(files: Files, folder: str) -> list[str]:
    return [name for name in files if re.fullmatch(re.escape(folder) + r"/stamp-\d+\.tsr", name)]


def is_stamped(files: Files, name: str, roots: Sequence[Certificate] | None) -> bool:
    """Whether a time stamp is of the checkpoint beside it, by whom a certificate says, at the time it names."""
    note = read(files, f"{name.rpartition('/')[0]}/checkpoint.note")
    if roots is None:
        roots = read_certificates(read(files, f"{name.removesuffix('.tsr')}.pem"))
    return judge_stamp(read(files, name), note, roots).code == "stamped"


def compare(files: Files, folder: str, against: Sequence[SignedNote]) -> Iterator[Flaw]:
    """Whether the checkpoint is of the log whose checkpoints somebody held elsewhere, and signed by a key of that log.

    Of a log made anew and signed again, neither key nor origin is known, or at one size there are two roots.
    """
    name, text = f"{folder}/checkpoint.note", read(files, f"{folder}/checkpoint.txt").decode()
    checkpoint, key = read_checkpoint(text), load_pem_public_key(read(files, f"{folder}/key.pem"))
    same = [note for note in against if read_checkpoint(note.text).origin == checkpoint.origin]
    public = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    if not any(find_signers(note, checkpoint.origin, [public]) for note in same):
        yield flaw("against_other", name)
    roots = {checkpoint.size: checkpoint.root}
    if f"{folder}/consistency.json" in files:
        roots |= read_growth(files, f"{folder}/consistency.json", checkpoint) or {}
    for held in (read_checkpoint(note.text) for note in same):
        of_size = f"{name}, and that of {held.size:,} entries"
        if held.size > checkpoint.size:
            yield Flaw(
                NEWER, of_size, "it is newer than the pack, so only the archive can show that its log grew into it"
            )
        elif held.size not in roots:
            yield flaw("against_growth", of_size)
        elif held.root != roots[held.size]:
            yield flaw("against_root", of_size)


def read_growth(files: Files, name: str, checkpoint: Checkpoint) -> dict[int, bytes] | None:
    """The sizes that the log of a checkpoint grew out of, with their roots; None where a proof does not hold.

    Raises ValueError, KeyError, IndexError, TypeError for what is no such file.
    """
    told = json.loads(read(files, name))
    hashes, roots = [bytes.fromhex(each) for each in told["hashes"]], dict[int, bytes]()
    for each in told["from"]:
        size, root, proof = each["size"], bytes.fromhex(each["root"]), [hashes[place] for place in each["way"]]
        if not is_consistent(size, checkpoint.size, root, checkpoint.root, proof):
            return None
        roots[size] = root
    if told["size"] == checkpoint.size:
        return roots
    return None


def leads_to(checkpoint: Checkpoint, place: Mapping[str, Any]) -> bool:
    """Whether the proof of a place leads to the root of a checkpoint. Raises ValueError, KeyError for what is no proof."""
    hashes = [bytes.fromhex(each) for each in place["hashes"]]
    leaf = bytes.fromhex(place["leaf"])
    is_same = place["size"] == checkpoint.size
    return is_same and is_included(leaf, place["index"], checkpoint.size, hashes, checkpoint.root)


def check_held(files: Files, folder: str, entry: Mapping[str, Any]) -> Iterator[Flaw]:
    """Each file and word that the entry names by a hash is there, or was withdrawn; there is no other file."""
    place = folder.removesuffix("evidence")
    held = {name: hash_file(files, name) for name in files if name.startswith(place)}
    named = set(_NAMED.findall(json.dumps(entry, separators=(",", ":"))))
    for name, sha256 in held.items():
        lies_in, _, last = name.rpartition("/")
        if lies_in != folder and last not in MADE and sha256 not in named:
            yield flaw("file_unknown", name)
    told = (json.loads(line) for line in read(files, f"{folder}/custody.jsonl").decode().splitlines())
    gone = {event.get("sha256") for event in told}
    bodies = {body for name in held if name.endswith(".wacz") for body in list_bodies(files, name)}
    for sha256 in sorted(named - bodies - set(held.values())):
        if sha256 in gone:
            yield Flaw(WITHDRAWN, sha256, "it was taken out on purpose, and the record of custody says so")
        else:
            yield flaw("body_missing", sha256)
    for line in json.loads(read(files, f"{folder}/words.json")):
        if find_salted(entry, line["column"]) != [commit_words(bytes.fromhex(line["salt"]), line["words"])]:
            yield flaw("words", line["column"])


def find_salted(entry: Mapping[str, Any], column: str) -> list[str]:
    """The salted hash of a column `table/id/name` in an entry. Raises ValueError, KeyError for what names none. Pure."""
    table, number, name = column.split("/")
    rows = {"captures": [entry], "fetches": [entry], **entry}[table]
    return [row["salted"][name] for row in rows if row["id"] == int(number)]


def list_bodies(files: Files, name: str) -> Iterator[str]:
    """The sha256 of every body in a web archive of the pack. Raises ValueError for too many bytes."""
    left = MOST_BYTES
    with files[name]() as file, zipfile.ZipFile(file) as package:
        for member in package.namelist():
            if member.endswith(".warc.gz"):
                with package.open(member) as warc:
                    for record in ArchiveIterator(warc):
                        digest = hashlib.sha256()
                        while piece := record.raw_stream.read(PIECE):
                            digest.update(piece)
                            left -= len(piece)
                            if left < 0:
                                raise ValueError(f"{name} swells beyond what a web archive of a pack holds")
                        yield digest.hexdigest()
