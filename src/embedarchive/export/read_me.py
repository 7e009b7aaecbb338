"""What a pack holds -> its page of plain words: what it proves, what it does not, and three commands to check it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from embedarchive.export.bag import MANIFEST, TAG_MANIFEST
from embedarchive.export.exhibits import Chosen
from embedarchive.show.proof import list_limits, say_proof
from embedarchive.show.words import say_moment

READ_ME = "READ-ME-FIRST.txt"
WIDTH = 78

FILES = {
    "card.html": "the post as a page, script-free: begin here",
    "screenshot.": "the post as a browser showed it",
    "article.": "the whole article as a browser showed it",
    "page.html.txt": "the article's page after its scripts ran, as text",
    "media/": "the files of the post, byte for byte as they were sent",
    "page.wacz": "all that went over the network, for any web-archive player",
    "description.json": "what was read out of it, and where",
    "evidence/": "what proves all that, and the record of custody",
}


def write_read_me(chosen: Chosen, names: Sequence[str]) -> bytes:
    """The page, of a pack with files of these names."""
    return ("\n".join(list_lines(chosen, names)) + "\n").encode("utf-8", "replace")


def list_lines(chosen: Chosen, names: Sequence[str]) -> Iterator[str]:
    yield f"EVIDENCE: {chosen.name}"
    for heading, lines in (
        ("WHAT THIS IS", tell_contents(chosen, names)),
        ("WHAT IT PROVES", tell_proofs(chosen)),
        ("WHAT IT DOES NOT PROVE", tell_limits(chosen)),
        ("HOW TO CHECK IT, WITHOUT OUR SOFTWARE", tell_checks(chosen, names)),
    ):
        yield from ("", heading, "")
        yield from lines


def tell_contents(chosen: Chosen, names: Sequence[str]) -> Iterator[str]:
    for each in chosen.exhibits:
        yield from fill(f"- {each.title} on {say_moment(each.at)}.")
    yield ""
    yield from fill("Kept by embedarchive, with a real browser, from the platform's own pages. In the folder data:")
    yield ""
    for name, says in FILES.items():
        found = next((each for each in names if f"/{name}" in each), None)
        if found is None:
            continue
        shown = name
        if not name.endswith("/"):
            shown = found.rpartition("/")[2]
        yield f"  {shown:18} {says}"


def tell_proofs(chosen: Chosen) -> Iterator[str]:
    for said in dict.fromkeys(say_proof(each.proof) for each in chosen.exhibits):
        yield from fill(said)
        yield ""
    yield from fill(
        "Each file that was kept is named by its hash in entry.json. The hash of that entry is a leaf of the archive's log, a "
        "tree of hashes that is only ever added to; proof.json leads from the leaf to the root in checkpoint.note, which is "
        "signed. To change one bit of a file, somebody would have to make the whole log anew and sign it again, and it would "
        "not fit any checkpoint that was given away, or stamped, before."
    )


def tell_limits(chosen: Chosen) -> Iterator[str]:
    for said in dict.fromkeys(line for each in chosen.exhibits for line in list_limits(each.proof)):
        yield from fill(f"- {said}")
    yield from fill(
        "- That the key is the archive's: compare evidence/key.pem with what the archive publishes, or with an older pack."
    )


def tell_checks(chosen: Chosen, names: Sequence[str]) -> Iterator[str]:
    stamped_at, judged = None, "the signature."
    if stamps := chosen.exhibits[0].proof.stamps:
        stamped_at, judged = stamps[0].at, "the first time stamp."
    yield from fill(
        "You need sha256sum (on a Mac: shasum -a 256), Python 3.8 or newer, and openssl 3; nothing is sent anywhere. Open a "
        "terminal in this folder and enter, one after another:"
    )
    yield ""
    for command in list_commands(names, stamped_at):
        yield f"  {command}"
    yield ""
    yield from fill(
        "1 reads every file and says which is not as it was packed. 2 does the same, and follows the proof from the files to "
        'the signature and the stamps; it ends with "Nothing is wrong." or names what is, DAMAGED or WITHDRAWN: what was '
        f"withdrawn was taken out on purpose, and the log says so. 3 has openssl alone judge {judged}"
    )
    yield ""
    yield from fill(
        "If you have a checkpoint of this archive from elsewhere, compare it: of the same size, its root is the one in "
        "checkpoint.note. Of an older one, consistency.json shows how the log grew from it (RFC 9162, section 2.1.4); "
        "verify.py leaves that to software for such logs, as: embedarchive verify PACK --against CHECKPOINT"
    )


def list_commands(names: Sequence[str], stamped_at: str | None) -> tuple[str, str, str]:
    """Three commands that check a pack, in its folder; `stamped_at` (ISO 8601) is the time of its first stamp. Pure."""
    return (
        f"sha256sum --check --quiet {TAG_MANIFEST} {MANIFEST}",
        "python3 verify.py",
        judge_by_openssl(next(each for each in names if each.endswith("evidence/checkpoint.note")), stamped_at),
    )


def judge_by_openssl(note: str, stamped_at: str | None) -> str:
    """openssl's command for the first checkpoint of a pack, by the name of its note. Pure.

    A stamp is judged at the time in it: the certificate of an authority runs out, and what it stamped stays stamped.
    """
    folder = note.rpartition("/")[0]
    if stamped_at:
        at = int(datetime.fromisoformat(stamped_at).timestamp())
        return f"openssl ts -verify -in {folder}/stamp-1.tsr -data {note} -CAfile {folder}/stamp-1.pem -attime {at}"
    key, signed = f"{folder}/key.pem", f"-in {folder}/checkpoint.txt -sigfile {folder}/checkpoint.sig"
    return f"openssl pkeyutl -verify -pubin -inkey {key} -rawin {signed}"


def fill(text: str) -> Iterator[str]:
    indent = "  " if text.startswith("- ") else ""
    yield from textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
