"""Propose spellings for a platform: addresses and bare ids that show mistakes in its rules of finding which nothing shows yet.

usage: python bench/spellings.py NAME … [--anew]

The addresses of its examples are spelled otherwise: shorter parts, other words, other hosts, more and less of the query. What
shows a mutant (`mutants.py`) that no example shows is added to `conformance/spellings/NAME.json` with what today's rules make
of it. Today's rules may be wrong: read what is added. `--anew` only says of what is there already what is made of it now.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import embedarchive.conformance
from embedarchive.conformance.spelling import Said, say_spelling
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from mutants import Mutant
from mutate import make_mutants
from readings import load_platform, write_value

FOLDER = Path(embedarchive.conformance.__file__).parent / "spellings"
PLATFORMS = FOLDER.parents[1] / "platforms"
MOST = 6000
"""So many spellings are tried of one platform."""


def read_file(name: str) -> dict[str, Said]:
    """The spellings of a platform as its file has them."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write_file(name: str, spellings: dict[str, Said]) -> None:
    """One spelling a line."""
    lines = (f" {json.dumps(text)}: {write_value(said, 1, len(text) + 4)}" for text, said in sorted(spellings.items()))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def list_known(platform: Platform) -> list[str]:
    """What the platform's file itself shows: addresses and bare ids."""
    examples = [
        text for each in platform.examples for text in (each.url, each.canonical, each.permalink, *each.bare) if text
    ]
    markup = [url for each in platform.markup for url in re.findall(r"https?://[^\s\"'<>&]+", each.html)]
    return list(dict.fromkeys([*examples, *platform.short_links, *platform.not_posts, *markup]))


def list_words(name: str) -> list[str]:
    """The words that the platform's file compares with."""
    source = (PLATFORMS / f"{name}.py").read_text("utf-8")
    texts = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    plain = {text.strip("/.") for text in texts if re.fullmatch(r"[/.]?[a-z][\w.-]{0,24}[/.]?", text)}
    branches = {word for text in texts for word in re.findall(r"[a-z][a-z_-]{1,20}", text) if "(" in text}
    return sorted(plain | branches)


def spell(text: str, words: Sequence[str], hosts: Sequence[str]) -> Iterator[str]:
    """Other spellings of one address or bare id."""
    parts = urlsplit(text)
    if not parts.scheme.startswith("http"):
        yield from _shorten(text)
        return
    yield from (parts._replace(netloc=each.replace("*", "example")).geturl() for each in hosts if each != "*")
    segments = parts.path.split("/")
    for at in range(1, len(segments)):
        others = [*_shorten(segments[at]), segments[at] + "x", segments[at] + "5", segments[at].upper(), *words]
        for other in dict.fromkeys(others):
            yield parts._replace(path="/".join([*segments[:at], other, *segments[at + 1 :]])).geturl()
        yield parts._replace(path="/".join(segments[:at] + segments[at + 1 :])).geturl()
        for word in words:
            yield parts._replace(path="/".join([*segments[:at], word, *segments[at:]])).geturl()
    yield parts._replace(path=parts.path + "/").geturl()
    yield parts._replace(path="/").geturl()
    host = (parts.hostname or "").split(".")
    for word in ("www", "m", "i", "embed", "player", "", *words):
        if re.fullmatch(r"[a-z0-9-]*", word):
            yield parts._replace(netloc=".".join(filter(None, [word, *host]))).geturl()
            yield parts._replace(netloc=".".join(filter(None, [word, *host[1:]]))).geturl()
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    for at, (key, _, value) in enumerate(pairs):
        rest = ["=".join((k, v)) for n, (k, _, v) in enumerate(pairs) if n != at]
        yield parts._replace(query="&".join(rest)).geturl()
        for other in _shorten(value):
            yield parts._replace(query="&".join([*rest, f"{key}={other}"])).geturl()
        for word in words:
            yield parts._replace(query="&".join([*rest, f"{word}={value}"])).geturl()


def _shorten(text: str) -> Iterator[str]:
    """Fewer characters, from both ends, and of each run of letters or digits in it."""
    yield from (text[:n] for n in range(min(len(text), 30)))
    yield from (text[n:] for n in range(1, min(len(text), 12)))
    yield text + text[-1:] * 20
    for run in re.finditer(r"[A-Za-z]+|\d+", text):
        for n in range(min(len(run[0]), 20)):
            yield text[: run.start()] + run[0][:n] + text[run.end() :]


def propose(name: str, spellings: dict[str, Said], mutants: Sequence[Mutant]) -> tuple[dict[str, Said], list[Mutant]]:
    """The spellings, with those that show mutants which nothing shows; and the mutants that none can be found for."""
    platform = BY_NAME[name]
    known = list_known(platform)
    shown = {text: _try(platform, text) for text in (*known, *spellings)}
    loaded = [(m, p) for m in mutants if (p := load_platform(name, m.source))]
    left = [(m, p) for m, p in loaded if all(_try(p, text) == said for text, said in shown.items())]
    words, hosts = list_words(name), (*platform.hosts, *platform.mirrors)
    tried = dict.fromkeys(other for text in known for other in spell(text, words, hosts))
    told = {text: _try(platform, text) for text in list(tried)[:: max(1, len(tried) // MOST)]}
    told |= {text: _try(platform, text) for text in list(tried)[:MOST]}
    shows: dict[str, set[int]] = {}
    for number, (_, mutant) in enumerate(left):
        for text, said in told.items():
            if _try(mutant, text) != said:
                shows.setdefault(text, set()).add(number)
    more = dict(spellings)
    unseen = set(range(len(left)))
    while shows:
        best = max(shows, key=lambda text: (len(shows[text] & unseen), -len(text)))
        if not shows[best] & unseen:
            break
        unseen -= shows[best]
        more[best] = say_spelling(platform, best)
    return more, [left[n][0] for n in sorted(unseen)]


def _try(platform: Platform, text: str) -> Said:
    try:
        return say_spelling(platform, text)
    except Exception as error:
        return f"raises {type(error).__name__}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--anew", action="store_true")
    given = parser.parse_args()
    for name in given.names:
        spellings = read_file(name)
        now = {text: say_spelling(BY_NAME[name], text) for text in spellings}
        changed = {text: said for text, said in now.items() if said != spellings[text]}
        for text, said in changed.items():
            print(f"{name}: {text}: {spellings[text]} → {said}")
        if given.anew:
            if changed:
                write_file(name, now)
            continue
        more, left = propose(name, now, make_mutants(1, 10**6, name, "finding"))
        if more:
            write_file(name, more)
        print(f"{name}: {len(spellings)} spellings, {len(more) - len(spellings)} added; shown by none here:")
        print(*(f"  {m.line} {m.operator} {m.before[:70]} -> {m.after[:70]}" for m in left), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
