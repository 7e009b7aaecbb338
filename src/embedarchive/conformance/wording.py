"""A platform's words that must be among a few that are known: outcomes, reasons, roles of files. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from embedarchive.conformance.findings import Problem
from embedarchive.conformance.visiting import read_source
from embedarchive.core.model import OUTCOMES, Role
from embedarchive.platforms.kit.outcomes import MISSING, REASONS
from embedarchive.platforms.kit.specification import Platform

_VERDICTS = {"verdict", "Verdict"}


def check_words(platform: Platform) -> Iterator[Problem]:
    """Outcomes, reasons, roles of files and every other word that must be one of a few are ones that are known."""
    for node in ast.walk(read_source(platform)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from _find_unknown(node, node.func.id)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason":
            unknown = (word for word in _list_words(node.value) if word not in REASONS)
            yield from ((f"line {node.lineno}", f"{word!r} is no reason") for word in unknown)
    for value in (platform, *platform.selectors, *platform.gaps, *platform.assumptions):
        yield from _find_wrong_literals(value)
    if platform.visit:
        visit = platform.visit
        for value in (visit, visit.frame, *visit.frame.moves, *visit.probes):
            yield from _find_wrong_literals(value)


def _find_unknown(call: ast.Call, name: str) -> Iterator[Problem]:
    if name in _VERDICTS:
        wanted = dict(zip(("outcome", "reason"), (frozenset(OUTCOMES), REASONS), strict=True))
        given = dict(zip(wanted, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg in wanted}
    elif name == "Media":
        wanted = {"role": frozenset(get_args(Role)), "missing": MISSING}
        if call.args:
            given = {"role": call.args[0]}
        else:
            given = {}
        given |= {k.arg: k.value for k in call.keywords if k.arg in wanted}
        given |= {"missing": call.args[7]} if call.args[7:] else {}
    else:
        return
    for name, node in given.items():
        for word in _list_words(node):
            if word not in wanted[name]:
                yield f"line {call.lineno}", f"{word!r} is no {name}"


def _list_words(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may come to, as far as they stand there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_list_words(node.body), *_list_words(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (word for each in node.values for word in _list_words(each))


def _find_wrong_literals(value: Any) -> Iterator[Problem]:
    """Fields of a value that must be one of a few words and are another."""
    if is_dataclass(value):
        hints = get_type_hints(type(value))
    else:
        hints = {}
    for each in fields(value) if is_dataclass(value) else ():
        hint = hints[each.name]
        if get_origin(hint) is Literal and getattr(value, each.name) not in get_args(hint):
            yield f"{type(value).__name__}.{each.name}", f"{getattr(value, each.name)!r} is none of {get_args(hint)}"
