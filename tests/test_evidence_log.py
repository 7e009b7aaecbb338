"""The log's own arithmetic: trees against a plain definition of them, canonical JSON, signed notes, entries."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from embedarchive.core.canonical import to_canonical
from embedarchive.core.checkpoint import (
    Checkpoint,
    find_signers,
    public_bytes,
    read_checkpoint,
    read_note,
    read_notes,
    sign_checkpoint,
    write_verifier,
)
from embedarchive.core.merkle import (
    EMPTY_ROOT,
    WIDTH,
    GrowingTree,
    find_complete,
    find_root,
    hash_leaf,
    is_consistent,
    is_included,
    prove_consistency,
    prove_growth,
    prove_inclusion,
)

LEAVES = [hash_leaf(struct.pack(">I", number)) for number in range(WIDTH**2 + 3 * WIDTH + 7)]


class Kept:
    """The hashes that a log keeps, made as it is added to; counts what is read of them."""

    def __init__(self, size: int) -> None:
        self.levels: dict[tuple[int, int], bytes] = {}
        self.read_count = 0
        for number, leaf in enumerate(LEAVES[:size], 1):
            self.levels[0, number - 1] = leaf
            for level, index, value in find_complete(self, number):
                self.levels[level, index] = value

    def __call__(self, level: int, start: int, count: int) -> list[bytes]:
        self.read_count += count
        return [self.levels[level, index] for index in range(start, start + count)]


def define_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word, over the leaves' hashes."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = max(power for power in (1 << bit for bit in range(32)) if power < len(leaves))
    return hashlib.sha256(b"\x01" + define_root(leaves[:half]) + define_root(leaves[half:])).digest()


@pytest.fixture(scope="module")
def kept() -> Kept:
    return Kept(len(LEAVES))


SIZES = [*range(34), 255, 256, 257, 511, 512, 700, 65536, len(LEAVES)]


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_the_rfc(kept: Kept, size: int) -> None:
    assert find_root(kept, size) == define_root(LEAVES[:size])


def test_a_tree_in_memory_completes_and_ends_as_the_kept_one_does(kept: Kept) -> None:
    tree, completed = GrowingTree(), {}
    assert tree.find_root() == EMPTY_ROOT
    for number, leaf in enumerate(LEAVES, 1):
        completed |= {(level, index): value for level, index, value in tree.add(leaf)}
        if number in SIZES:
            assert tree.find_root() == find_root(kept, number)
    assert completed == {at: value for at, value in kept.levels.items() if at[0]}


def test_what_is_read_for_a_root_or_a_proof_does_not_grow_with_the_tree(kept: Kept) -> None:
    for ask in (lambda: find_root(kept, len(LEAVES)), lambda: prove_inclusion(kept, 12_345, len(LEAVES))):
        kept.read_count = 0
        ask()
        assert kept.read_count <= 3 * WIDTH


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_proof_holds_for_its_leaf_and_for_no_other(kept: Kept, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    proof, root = prove_inclusion(kept, index, size), find_root(kept, size)
    assert is_included(LEAVES[index], index, size, proof, root)
    other = (index + 1) % size
    if other != index:
        assert not is_included(LEAVES[index], other, size, proof, root)
        assert not is_included(LEAVES[other], index, size, proof, root)
        assert not is_included(LEAVES[index], index, size, proof[1:], root)
    assert not is_included(LEAVES[index], index, size, [*proof, root], root)
    assert not is_included(LEAVES[index], size, size, proof, root)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_tree_is_shown_to_have_grown_out_of_itself_only(kept: Kept, data: st.DataObject) -> None:
    new = data.draw(st.integers(0, len(LEAVES)))
    old = data.draw(st.integers(0, new))
    roots = find_root(kept, old), find_root(kept, new)
    proof = prove_consistency(kept, old, new)
    assert is_consistent(old, new, *roots, proof)
    assert prove_growth(kept, (new // 2, old, new), new)[old] == proof
    assert not is_consistent(old, new, roots[0], hash_leaf(b"other"), proof) or old == 0
    assert not is_consistent(old, new, hash_leaf(b"other"), roots[1], proof)
    assert not is_consistent(old, new, *roots, [*proof, roots[0]])


def test_canonical_json_is_that_of_the_rfc() -> None:
    # RFC 8785, sections 3.2.2 and 3.2.3, without their fractions and truth values.
    value = {"€": "Euro Sign", "\r": "Carriage Return", "\ufb33": 5, "1": "One", "\U0001f600": "Smiley", "\x80": "Control",
             "ö": None, "text": "€$\x0f\nA'B\"\\\\\"/\x7f"}  # fmt: skip
    text = to_canonical(value).decode()
    assert list(json.loads(text)) == ["\r", "1", "text", "\x80", "ö", "€", "\U0001f600", "\ufb33"]
    assert '"text":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f"' in text
    assert text.startswith('{"\\r":"Carriage Return","1":"One",')


@pytest.mark.parametrize("value", [1.5, True, 2**53, float("nan"), b"bytes", "\ud800", {"a": [0.0]}, {1, 2}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (one of them is UnicodeEncodeError)
        to_canonical(value)  # type: ignore[arg-type]


KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
AT = Checkpoint("embedarchive/0123", 3, hash_leaf(b"root"), "2026-11-27T15:00:00.000Z")


def test_a_note_is_read_as_it_was_written() -> None:
    note = sign_checkpoint(AT, [KEY, OTHER])
    assert read_note(str(note)) == note
    assert read_checkpoint(note.text) == AT
    publics = [public_bytes(KEY), public_bytes(OTHER)]
    assert find_signers(note, AT.origin, publics) == publics
    assert find_signers(note, "another", publics) == []
    assert list(read_notes(f"{note}\n{note}")) == [note, note]
    assert write_verifier("a", bytes(32)).count("+") >= 2


def test_the_key_hash_is_that_of_the_specification() -> None:
    # https://c2sp.org/signed-note: the example of its section "Format".
    example = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    public = bytes.fromhex("1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6")
    assert write_verifier("PeterNeumann", public) == example


def test_no_bit_of_a_note_can_change() -> None:
    note = str(sign_checkpoint(AT, [KEY])).encode()
    for bit in range(len(note) * 8):
        flipped = bytearray(note)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not is_sound(bytes(flipped)), bit


def is_sound(data: bytes) -> bool:
    try:
        note = read_note(data.decode())
        return bool(find_signers(note, read_checkpoint(note.text).origin, [public_bytes(KEY)]))
    except ValueError:
        return False
