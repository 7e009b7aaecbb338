"""What proves a capture -> the sentence that says it, and how it stands under a card. Pure."""

from __future__ import annotations

from embedarchive.library.records import ProofRecord
from embedarchive.show.tags import Html, join, tag
from embedarchive.show.words import say_count, say_moment

LIMITS = (
    "It does not prove that what the post says is true, nor who wrote it: only what its platform sent to a browser.",
    "It does not prove that everybody saw the same: a platform may show different people different things.",
    "Words read out of the page (description.json) are our reading of these bytes; the bytes are what is proved.",
)
STAMPED = (
    "The time is as sure as the authority that stamped it: compare its certificate (evidence/stamp-1.pem) with the one that it "
    "publishes itself."
)
UNSTAMPED = (
    "The time is that of the archive's own clock. No authority outside of it has confirmed it, so it is worth as much as "
    "whoever keeps the archive; compare the checkpoint with one that was published, printed or mailed before."
)


def say_proof(proof: ProofRecord) -> str:
    """What is proved, in one sentence."""
    if proof.stamps:
        first = min(each.at for each in proof.stamps)
        by = " and ".join(dict.fromkeys(name_authority(each.authority) for each in proof.stamps))
        said = f"These bytes existed on {say_moment(first)}, which {by} confirmed then, and have not changed since"
    else:
        said = f"These bytes are as they were when the archive signed for them on {say_moment(proof.made_at)}"
    if proof.withdrawal:
        return f"{said}, except for what was withdrawn on purpose."
    return f"{said}."


def name_authority(address: str) -> str:
    """The host of a time stamping authority."""
    return address.partition("://")[2].partition("/")[0] or address


def list_limits(proof: ProofRecord) -> tuple[str, ...]:
    """What is not proved, a sentence each."""
    return (STAMPED if proof.stamps else UNSTAMPED, *LIMITS)


def list_facts(proof: ProofRecord) -> list[tuple[str, str]]:
    """Label and value of what an expert compares."""
    stamps = [(f"Stamped by {name_authority(each.authority)}", say_moment(each.at)) for each in proof.stamps]
    return [
        ("Entry", f"{proof.place.index:,} of {say_count(proof.size, 'entry', 'entries')} in the archive’s log"),
        ("Its hash", proof.place.leaf.hex()),
        ("Checkpoint signed", say_moment(proof.made_at)),
        *(stamps or [("Time stamp", "none: no authority has confirmed the time")]),
        ("Log", proof.text.partition("\n")[0]),
        ("Key (Ed25519)", proof.key.hex()),
    ]


def render_facts(proof: ProofRecord) -> Html:
    """The same as a list."""
    rows = (
        join(tag("dt", label), tag("dd", tag("code", value) if len(value) == 64 else tag("bdi", value)))
        for label, value in list_facts(proof)
    )
    return tag("dl", list(rows), class_="proof-facts")


def render_proof(proof: ProofRecord) -> Html:
    """What stands under a card in a pack: the sentence, the facts, and what is not proved."""
    return tag(
        "aside",
        tag("h2", "What proves it"),
        tag("p", say_proof(proof), class_="proof-says"),
        render_facts(proof),
        tag("h3", "What that does not prove"),
        tag("ul", [tag("li", each) for each in list_limits(proof)]),
        tag("p", "How to check it without us: READ-ME-FIRST.txt, in the folder that this page came in."),
        class_="proof",
    )


PROOF = """\
.proof { max-width: 35rem; margin: var(--s6) auto 0; padding: 0 var(--s5); color: var(--ink); font: var(--t0)/1.55 var(--sans);
  overflow-wrap: anywhere; }
.proof h2 { font: 600 var(--t2)/1.3 var(--serif); margin: 0; }
.proof h3 { font: 600 var(--t0)/1.4 var(--sans); margin: var(--s5) 0 var(--s1); }
.proof-says { font: var(--t2)/1.45 var(--serif); margin: var(--s3) 0 var(--s5); max-width: 34em; text-wrap: pretty; }
.proof-facts { display: grid; grid-template-columns: max-content 1fr; gap: var(--s2) var(--s5); margin: 0; padding: var(--s4) 0;
  border-block: 1px solid var(--rule); font-size: var(--t-1); overflow-wrap: anywhere; }
.proof-facts dt { color: var(--ink-2); }
.proof-facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.proof-facts code { font: .92em/1.5 var(--mono); }
.proof ul { margin: 0; padding-inline-start: 1.1em; color: var(--ink-2); font-size: var(--t-1); }
.proof li { margin-block: var(--s1); }
.proof > p:last-child { color: var(--ink-2); font-size: var(--t-1); margin-top: var(--s5); }
@media (max-width: 30rem) { .proof { padding: 0 var(--s2); } .proof-says { font-size: var(--t1); }
  .proof-facts { grid-template-columns: 1fr; gap: 0; } .proof-facts dd { margin-bottom: var(--s2); } }
"""
