"""A platform's file -> its mutants: the same file with one thing in it that is wrong. Pure.

Operators go over the syntax tree: a letter of a text, selector or field's path, a letter, a bound or a branch of a
pattern, a number, a truth, a condition. What is no rule is left alone: words for people (docstrings, assumptions, gaps,
`why=`, what a sign says of itself), and the examples, which are what the rules are tested by.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Half = Literal["finding", "capture"]
HALVES: tuple[Half, ...] = ("finding", "capture")

NO_RULES = frozenset(
    (
        "examples", "markup", "not_posts", "not_embeds", "short_links", "assumptions", "gaps", "known_url", "made_up_url",
        "states",
    )
)  # fmt: skip
"""Fields of a platform that say nothing of how it is found or captured."""
CAPTURING = "visit"
_ORDINARY = re.compile(r"[A-Za-z0-9]")
_PATTERN = re.compile(r"\\[dwsbDWSB.]|\[[^\]]+\]|\(\?[:=!<i]|\{\d+,?\d*\}|\.\*|\.\+|\)\?|\w\?")
_BOUND = re.compile(r"\{(\d+)(,?)(\d*)\}")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it is in the file, what stood there, what stands there now, and the whole file with it."""

    file: str
    half: Half
    line: int
    operator: str
    before: str
    after: str
    source: str
    context: str
    """The line of the file that it is in."""


@dataclass(frozen=True, slots=True)
class Place:
    """One node that can be changed, by its number in a walk over the tree."""

    number: int
    half: Half
    operator: str


Change = tuple[str, Callable[[ast.AST, random.Random], str | None]]
"""An operator's name, and what it does to a node in place; it gives None where there is nothing to change."""


def list_places(tree: ast.Module) -> list[Place]:
    """Every node that an operator can change, in either half."""
    half_of = split_halves(tree)
    places = []
    left_out = {id(node) for skipped in _find_words(tree) for node in ast.walk(skipped)}
    for number, node in enumerate(ast.walk(tree)):
        half = half_of.get(id(node))
        operator = name_operator(node) if id(node) not in left_out else ""
        if half and operator:
            places.append(Place(number, half, operator))
    return places


def make_mutant(file: str, source: str, place: Place, chance: random.Random) -> Mutant | None:
    """Change the node of that place; None where the change would be none."""
    tree = ast.parse(source)
    node = next(each for number, each in enumerate(ast.walk(tree)) if number == place.number)
    before = ast.unparse(node)
    CHANGES[place.operator](node, chance)
    after = ast.unparse(node)
    if after == before:
        return None
    line = getattr(node, "lineno", 0)
    context = source.splitlines()[line - 1].strip() if line else ""
    return Mutant(file, place.half, line, place.operator, before, after, ast.unparse(tree), context)


def repeat_change(source: str, operator: str, context: str, before: str, after: str) -> list[tuple[int, str]]:
    """The line and the whole file of each way to make a known change: in every node of this text in a line of this text.

    Empty where what it changed does not stand there any more.
    """
    lines = source.splitlines()
    made = []
    for number, node in enumerate(ast.walk(ast.parse(source))):
        if name_operator(node) != operator or ast.unparse(node) != before:
            continue
        line = getattr(node, "lineno", 0)
        if lines[line - 1].strip() == context:
            made.append((line, ast.unparse(_put(ast.parse(source), number, after))))
    return made


def _put(tree: ast.Module, number: int, code: str) -> ast.Module:
    """The tree with the node of that number made anew from its code."""
    node = next(each for at, each in enumerate(ast.walk(tree)) if at == number)
    new = ast.parse(code, mode="eval").body
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(each is node for each in value):
                setattr(parent, name, [new if each is node else each for each in value])
    return tree


# -------------------------------------------------------------------------------------------------------------- halves


def split_halves(tree: ast.Module) -> dict[int, Half]:
    """Say of each node whether it serves finding or capturing, by what leads to it from the fields of the platform.

    What serves both is finding: it is met there first.
    """
    owners = _index_definitions(tree)
    platform = next((n for n in ast.walk(tree) if isinstance(n, ast.Call) and _name_of(n.func) == "Platform"), None)
    halves: dict[int, Half] = {}
    fields = {str(k.arg): k.value for k in platform.keywords} if platform else {}
    named: dict[Half, set[str]] = {"capture": {CAPTURING}, "finding": set(fields) - NO_RULES - {CAPTURING}}
    for half, names in named.items():
        reached: list[ast.AST] = [fields[name] for name in sorted(names & set(fields), key=str)]
        if not platform and half == "capture":
            reached = list(tree.body)
        seen: set[int] = set()
        while reached:
            top = reached.pop()
            if id(top) in seen:
                continue
            seen.add(id(top))
            for node in ast.walk(top):
                halves[id(node)] = half
                if isinstance(node, ast.Name) and node.id in owners:
                    reached.append(owners[node.id])
    return halves


def _index_definitions(tree: ast.Module) -> dict[str, ast.AST]:
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found.update({target.id: node for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _find_words(tree: ast.Module) -> Iterator[ast.AST]:
    """What is said to people: docstrings, `why=`, annotations, and the values that only tell."""
    sources = set(_find_sources(tree))
    for node in ast.walk(tree):
        if _is_word(node, sources):
            yield node
        if isinstance(node, ast.Call):
            yield from node.args[_SAID.get(_name_of(node.func), _NOTHING)]
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
            yield node.annotation
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns


_NOTHING = slice(0, 0)
_SAID = {"Sign": slice(0, 3), "verdict": slice(2, 5)}
"""What a sign says of itself: which rule looked, where, and what it saw."""


def _find_sources(tree: ast.Module) -> Iterator[int]:
    """Where a field was read, as descriptions say it: the first of each pair that `merge_readings` takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict):
            yield id(node.elts[0])
        elif isinstance(node, ast.Call) and _name_of(node.func) == "merge_readings":
            yield from (id(pair.elts[0]) for pair in node.args if isinstance(pair, ast.Tuple))


def _is_word(node: ast.AST, sources: set[int]) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Constant):
        return id(node) in sources
    if isinstance(node, ast.keyword):
        return node.arg in NO_RULES or node.arg == "why"
    return isinstance(node, ast.Call) and _name_of(node.func) in ("Assumption", "Gap", "Example", "MarkupExample")


# ----------------------------------------------------------------------------------------------------------- operators


def name_operator(node: ast.AST) -> str:
    """Which operator changes a node, or nothing."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            return "boolean"
        if isinstance(node.value, int | float):
            return "number"
        if isinstance(node.value, str) and _ORDINARY.search(node.value):
            return "pattern" if _PATTERN.search(node.value) else "text"
        return ""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITES:
        return "comparison"
    return "condition" if isinstance(node, ast.BoolOp) else ""


def change_text(node: ast.AST, chance: random.Random) -> None:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, str)
    node.value = _spoil(node.value, [m.start() for m in _ORDINARY.finditer(node.value)], chance)


def _spoil(text: str, places: list[int], chance: random.Random) -> str:
    """Put another character in one of the places."""
    at = chance.choice(places)
    other = "7" if text[at].isdigit() else "q" if text[at].islower() else "Q"
    if text[at] == other:
        other = {"7": "3", "q": "z", "Q": "Z"}[other]
    return text[:at] + other + text[at + 1 :]


def change_pattern(node: ast.AST, chance: random.Random) -> None:
    """Spoil one letter that stands for itself, move one bound, or take away one branch."""
    assert isinstance(node, ast.Constant)
    text = node.value
    assert isinstance(text, str)
    ways = [lambda: _spoil(text, letters, chance)] if (letters := _find_literals(text)) else []
    if bounds := list(_BOUND.finditer(text)):
        ways.append(lambda: _move_bound(text, chance.choice(bounds)))
    if branches := re.findall(r"(?<=[(:|])[^()|\[\]]+\|", text):
        ways.append(lambda: text.replace(chance.choice(branches), "", 1))
    changed = chance.choice(ways)() if ways else text
    try:
        re.compile(changed)
    except re.error:
        changed = text
    node.value = changed


def _find_literals(text: str) -> list[int]:
    """Letters and digits of a pattern that stand for themselves."""
    skipped: set[int] = set()
    for m in re.finditer(r"\\.|\[[^\]]*\]|\{[^}]*\}|\(\?P?<?[a-zA-Z:=!]+>?", text):
        skipped.update(range(*m.span()))
    return [m.start() for m in _ORDINARY.finditer(text) if m.start() not in skipped]


def _move_bound(text: str, m: re.Match[str]) -> str:
    low, comma, high = int(m[1]), m[2], m[3]
    bound = f"{{{low + 1}{comma}{high}}}" if not high or low < int(high) else f"{{{max(0, low - 1)}{comma}{low - 1}}}"
    return text[: m.start()] + bound + text[m.end() :]


def change_number(node: ast.AST, chance: random.Random) -> None:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    node.value = node.value + 1 if node.value in (0, 1) or chance.random() < 0.5 else node.value - 1


def change_boolean(node: ast.AST, chance: random.Random) -> None:
    assert isinstance(node, ast.Constant)
    node.value = not node.value


_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip


def change_comparison(node: ast.AST, chance: random.Random) -> None:
    assert isinstance(node, ast.Compare)
    node.ops = [_OPPOSITES[type(node.ops[0])]()]


def change_condition(node: ast.AST, chance: random.Random) -> None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


CHANGES: dict[str, Callable[[ast.AST, random.Random], None]] = {
    "text": change_text,
    "pattern": change_pattern,
    "number": change_number,
    "boolean": change_boolean,
    "comparison": change_comparison,
    "condition": change_condition,
}
