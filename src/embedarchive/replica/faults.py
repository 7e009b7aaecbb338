"""The refusals that any platform can give instead of a post, and the languages its sentences come in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from embedarchive.replica.facts import State
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect

FAULTS = {
    "login": State("redirect to the login page", "blocked", "login"),
    "challenge": State("redirect to a challenge", "blocked", "challenge"),
    "rate": State("429", "blocked", "rate"),
    "rate_after": State("429 with Retry-After", "blocked", "rate"),
    "forbidden": State("403", "error", "http_403"),
    "server_error": State("500", "error", "http_500"),
    "hang": State("no answer at all", "error", "timeout"),
    "reset": State("the connection is reset", "error", "reset"),
    "empty": State("200 with nothing in it", "error", "blank"),
}
"""States every platform here knows beside its own; a `Site` adds them to its `states`."""

LANGUAGES = ("en", "de", "ja", "ar")

_LOGIN = (
    "<!DOCTYPE html><title>Log in</title><form style='font:16px sans-serif;margin:80px auto;width:280px'>"
    "<h1>Log in</h1><input placeholder=Name><br><input type=password placeholder=Password>"
    "<br><button>Log in</button></form>"
)


def in_languages(states: Mapping[str, State], *names: str) -> dict[str, State]:
    """Add to some states the same in each other language, whatever the browser asks for (`gone_ja` …)."""
    more = {
        f"{name}_{lang}": replace(states[name], says=f"{states[name].says}, in {lang}")
        for name in names
        for lang in LANGUAGES[1:]
    }
    return {**states, **more}


def split_language(state: str, request: Request) -> tuple[str, str]:
    """Take `gone_ja` apart; a state that names no language speaks the one the browser asks for."""
    name, _, lang = state.rpartition("_")
    if name and lang in LANGUAGES:
        return name, lang
    asked = request.header("accept-language")[:2].lower()
    return state, asked if asked in LANGUAGES else "en"


def answer_fault(state: str, request: Request) -> Reply | None:
    """Give the refusal of a state, or None for a state that is no refusal."""
    here = f"https://{request.host}"
    answers = {
        "login": redirect(f"{here}/login/?next=%2F"),
        "challenge": redirect(f"{here}/challenge/?next=%2F"),
        "rate": json_text(json.dumps({"error": "Too many requests"}), 429),
        "rate_after": html("", 429, (("Retry-After", "120"),)),
        "forbidden": html("Forbidden", 403),
        "server_error": html("<title>Error</title>Something went wrong.", 500),
        "hang": Reply(ending="hang"),
        "reset": Reply(ending="reset"),
        "empty": html(""),
    }
    return answers.get(state)


def answer_block_page(request: Request) -> Reply | None:
    """Give the pages that `login` and `challenge` lead to, or None for any other address."""
    if request.path in ("/login/", "/challenge/"):
        return html(_LOGIN)
    return None
