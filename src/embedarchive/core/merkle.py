"""Leaves in order -> one hash that stands for all of them, and short proofs against it. Pure.

The tree is that of RFC 6962, section 2.1 (and RFC 9162, section 2.1), with SHA-256. Only every eighth level of it is kept,
as in https://c2sp.org/tlog-tiles: the hash at `level` L and `index` I stands for the 256**L leaves from I * 256**L on, once
they are all there. Everything else is computed from at most 256 kept hashes a level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import Protocol

WIDTH_BITS = 8
WIDTH = 1 << WIDTH_BITS
"""Hashes of one kept level that make one of the next."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


class ReadHashes(Protocol):
    def __call__(self, level: int, start: int, count: int) -> Sequence[bytes]:
        """The kept hashes of a level from index `start` on, `count` of them, 32 bytes each; level 0 is the leaves."""


def hash_leaf(entry: bytes) -> bytes:
    """The hash of an entry as a leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two hashes, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def find_root(read: ReadHashes, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    if size:
        return hash_range(read, 0, size)
    return EMPTY_ROOT


def find_complete(read: ReadHashes, size: int) -> Iterator[tuple[int, int, bytes]]:
    """(level, index, hash) of the hashes to keep that the last leaf of `size` completes, the lowest level first.

    Each must be kept before the next is asked for: the next is made of it.
    """
    level = 1
    while size and size % WIDTH**level == 0:
        index = size // WIDTH**level - 1
        yield level, index, fold_hashes(read(level - 1, index * WIDTH, WIDTH))
        level += 1


def fold_hashes(hashes: Sequence[bytes]) -> bytes:
    """The root of a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [hash_node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def hash_range(read: ReadHashes, start: int, end: int) -> bytes:
    """The hash over the leaves from `start` to before `end`, `start` a multiple of the power of two that holds them."""
    count = end - start
    if count & (count - 1) == 0:
        level = (count.bit_length() - 1) // WIDTH_BITS
        kept = WIDTH_BITS * level
        return fold_hashes(read(level, start >> kept, count >> kept))
    middle = start + split_at(count)
    return hash_node(hash_range(read, start, middle), hash_range(read, middle, end))


def split_at(count: int) -> int:
    """How many of `count` leaves are in the left half: the largest power of two below it."""
    return 1 << ((count - 1).bit_length() - 1)


# --------------------------------------------------------------------------------------------------------------- proofs


def prove_inclusion(read: ReadHashes, index: int, size: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root of `size` leaves. Raises ValueError without such a leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_at(end - start)
        if index < middle:
            path.append(hash_range(read, middle, end))
            end = middle
        else:
            path.append(hash_range(read, start, middle))
            start = middle
    return path[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof leads from a leaf to a root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = hash_node(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hash_node(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def prove_consistency(read: ReadHashes, old: int, new: int) -> list[bytes]:
    """The hashes that show that the first `old` of `new` leaves are as they were. Raises ValueError for old > new."""
    return find_growth(partial(hash_range, read), old, new)


def prove_growth(read: ReadHashes, olds: Iterable[int], new: int) -> dict[int, list[bytes]]:
    """The same from each of many sizes, which share most of their hashes: size -> its proof. Raises ValueError."""
    find_hash = cache(partial(hash_range, read))
    return {old: find_growth(find_hash, old, new) for old in olds}


def find_growth(find_hash: Callable[[int, int], bytes], old: int, new: int) -> list[bytes]:
    """A proof of consistency, by whatever gives the hash over the leaves from one to before another. Raises ValueError."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves was never one of {old}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + split_at(end - start)
        if old <= middle:
            path.append(find_hash(middle, end))
            end = middle
        else:
            path.append(find_hash(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(find_hash(start, end))
    return path[::-1]


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that one tree grew out of another (RFC 9162, section 2.1.4.2)."""
    if old == new or old == 0:
        expected = old_root if old else EMPTY_ROOT
        return not proof and old_root == expected and (old == 0 or old_root == new_root)
    if not 0 < old < new or not proof:
        return False
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = steps[0]
    for each in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = hash_node(each, was), hash_node(each, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = hash_node(now, each)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


class GrowingTree:
    """A tree that is only ever added to, in the memory of its right edge: whoever reads a whole log needs no more."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []
        """The roots of the complete trees that the leaves so far are made of, the largest first."""

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add the hash of the next leaf; give the (level, index, hash) that are complete with it."""
        found, height, completed = leaf, 0, []
        while self.size >> height & 1:
            found, height = hash_node(self._edge.pop(), found), height + 1
            if height % WIDTH_BITS == 0:
                completed.append((height // WIDTH_BITS, self.size >> height, found))
        self._edge.append(found)
        self.size += 1
        return completed

    def find_root(self) -> bytes:
        """The root of the leaves so far."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for each in self._edge[-2::-1]:
            root = hash_node(each, root)
        return root
