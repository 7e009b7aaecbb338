"""Records -> what a terminal shows; nothing a post says can move the cursor, ring, retitle or reorder. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from embedarchive.core.model import Claim, Description
from embedarchive.core.shell import say_command
from embedarchive.core.texts import shorten
from embedarchive.library.records import (
    NO_PICTURE,
    Appearance,
    ArticleLine,
    ArticleRecord,
    EmbedRecord,
    Figures,
    Hit,
    Lookup,
    Placed,
    PostLine,
    PostRecord,
    Sighting,
)
from embedarchive.show.card import fullest_claim
from embedarchive.show.files import find_notes
from embedarchive.show.tags import link_target
from embedarchive.show.words import (
    ORIGIN_WORDS,
    WAY_WORDS,
    find_edit,
    find_runs,
    say_count,
    say_date,
    say_field,
    say_lacking,
    say_lent,
    say_number,
    say_partly,
    say_place,
    say_post_status,
    say_run,
    say_sighting,
    say_similarity,
    say_size,
    say_time,
)

WIDEST = 100
MOST_WORDS = 160
"""Characters of a post in a list, at most; a terminal that is not so wide cuts them."""

# The shape of each state, so that it is told without colour.
STATE_MARKS = {"available": "●", "gone": "⊘", "unavailable": "◐", "blocked": "□", "error": "△", "not captured": "○"}

# Marks that override direction for all that follows; single letters of right-to-left scripts need none of them.
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def escape_terminal(text: str, *, lines: bool = False) -> str:
    """Make controls visible: C0 as their pictures, C1 and bidi marks as <U+…>. `lines` keeps line breaks."""
    return "".join(_visible(char, lines) for char in text)


def _visible(char: str, lines: bool) -> str:
    code = ord(char)
    if char == "\n":
        if lines:
            return char
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in _REORDERING or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return char


def _text(text: str | None, style: str = "", *, lines: bool = False) -> Text:
    return Text(escape_terminal(text or "", lines=lines), style=style)


def _row(*parts: Text | str) -> Text:
    """Parts of one line; plain strings are our own words."""
    return Text.assemble(*parts)


# ---------------------------------------------------------------------------------------------------------------- posts


def render_terminal(record: PostRecord | EmbedRecord | ArticleRecord, width: int | None = 80) -> RenderableType:
    """The record as `embedarchive show` prints it, at most `width` columns wide; without a width unframed, as it is piped."""
    if isinstance(record, ArticleRecord):
        return render_article(record)
    if isinstance(record, EmbedRecord):
        parts = _embed_parts(record)
    else:
        parts = _post_parts(record)
    if width is None:
        return Group(*parts)
    return Panel(Group(*parts), width=min(width, WIDEST), padding=(1, 2), border_style="dim")


def _post_parts(record: PostRecord) -> Iterable[RenderableType]:
    said = record.said
    claim = fullest_claim(record)
    if said:
        yield from _said(said, said.posted_at or record.post.posted_at)
    elif claim:
        yield _row("The post itself was not seen. What ", _text(claim.outlet or claim.article_url), " says of it:")
        yield from _said(claim.claim, record.post.posted_at or claim.claim.posted_at)
    yield _status(record.status, say_post_status(record))
    if record.sighting:
        yield _origin(record.sighting, say_sighting(record.sighting))
    yield _post_facts(record)
    yield from _missing(record)
    if record.best is None and record.status in ("gone", "unavailable"):
        yield _text(f"Web archives may hold it: {say_command('embedarchive', 'recover', record.post.url)}", "dim")
    if record.appearances:
        yield Text("\nEmbedded in", style="dim")
        yield from (_appearance(each) for each in record.appearances[:10])
        if len(record.appearances) > 10:
            more = len(record.appearances) - 10 + record.more_appearances
            yield Text(f"  and {say_count(more, 'more article')}", style="dim")


def _embed_parts(record: EmbedRecord) -> Iterable[RenderableType]:
    yield from _said(record.appearance.claim, record.appearance.claim.posted_at)
    yield Text("○ The markup names no post, so there is no original to look at.")
    yield Text("\nEmbedded in", style="dim")
    yield _appearance(record.appearance)


def _said(said: Description | Claim, posted_at: str | None) -> Iterable[RenderableType]:
    head = _row(_text(said.author_name or said.author_handle or "Unknown author", "bold"))
    if isinstance(said, Description) and said.author_verified:
        head.append(" ✓", "dim")
    if said.author_handle:
        head.append_text(_text(f"  @{said.author_handle}", "dim"))
    if posted_at:
        head.append_text(_text(f"  {say_date(posted_at)}", "dim"))
    yield head
    title = None
    if isinstance(said, Description):
        title = said.title
    if title:
        yield Padding(_text(title, "bold"), (1, 0, 0, 0), expand=False)
    yield Padding(_text(said.text, lines=True), (1, 0, 1, 0), expand=False)


def _status(status: str, words: str) -> Text:
    return _row(Text(f"{STATE_MARKS[status]} "), _text(words, "bold red" if status == "gone" else "bold"))


ORIGIN_MARKS = {"import": "⭳", "memento": "◇"}
ORIGIN_STYLES = {"import": "cyan", "memento": "magenta"}
"""Whose observation it is where it is not ours: a mark and a colour that no state has."""


def _origin(seen: Sighting, words: str) -> Text:
    style = ORIGIN_STYLES.get(seen.origin, "")
    return _row(Text(f"{ORIGIN_MARKS.get(seen.origin, '·')} ", style), _text(words, style))


def _post_facts(record: PostRecord) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    facts: list[tuple[str, str]] = [("key", record.post.key), ("original", record.post.url)]
    if record.observations:
        facts.append(("history", ", ".join(say_run(run) for run in find_runs(record.observations))))
    if record.best:
        when = "captured"
        if record.best.sighting:
            when = "seen"
        facts.append((when, say_time(record.best.started_at)))
        kept = [f"{a.role} {say_size(a.size)}" for a in record.best.artifacts]
        facts += [("kept", ", ".join(kept))] if kept else []
        facts += [("sha256", a.sha256) for a in record.best.kept("screenshot")]
        lent = [say_lent(each.lent_at, each.position) for each in record.best.artifacts if each.lent_at]
        facts += [("joined", "; ".join(lent))] if lent else []
        facts += _description_facts(record.best.description)
    if edit := find_edit(record):
        facts.append(("edited", f"seen {say_date(edit.at)}; before: {edit.before}"))
    for label, value in facts:
        table.add_row(label, _text(value))
    return table


def _description_facts(said: Description | None) -> list[tuple[str, str]]:
    if said is None:
        return []
    counted = [("likes", said.likes), ("comments", said.comments), ("shares", said.shares), ("views", said.views)]
    facts = [(label, say_number(value)) for label, value in counted if value is not None]
    named = [("alt text", said.alt_text), ("place", said.location), ("sound", said.audio), ("quotes", said.quoted_url)]
    facts += [(label, value) for label, value in named if value]
    where = ", ".join(f"{say_field(name)}: {source}" for name, source in said.sources.items())
    if where:
        return [*facts, ("read from", where)]
    return facts


def _missing(record: PostRecord) -> Iterable[Text]:
    for line in say_lacking(record):
        yield _row(Text("! ", style="bold"), _text(line))
    for line in find_notes(record):
        yield _row(Text("! not kept: ", style="bold"), _text(line))


def _appearance(appearance: Appearance) -> Text:
    when = say_date(appearance.published_at or appearance.fetched_at, short=True)
    line = _row(
        "  ",
        _text(appearance.article_title or appearance.article_url),
        _text(f"  {appearance.outlet or ''} {when}", "dim"),
    )
    if appearance.current:
        return line
    return line.append("  (no longer there)", "dim")


# ---------------------------------------------------------------------------------------------------------------- lists


def render_article(record: ArticleRecord) -> RenderableType:
    """An article and its embeds in reading order."""
    parts: list[RenderableType] = [
        _text(record.title or record.url, "bold"),
        _text(f"{record.outlet or ''} {say_date(record.published_at)}".strip(), "dim"),
        _text(record.url, "dim"),
        *(
            _row(_text(f"{note.name}: ", "dim"), _text(note.value), _text(f"  ({note.by})", "dim"))
            for note in record.notes
        ),
        Text(),
        *(_placed(each) for each in record.embeds),
        *(
            _text(f"The page is kept by reference: {say_place(each.place)}", "dim")
            for each in record.fetches
            if each.place
        ),
    ]
    parts += [] if record.embeds else [Text("No embeds were found in it.")]
    return Group(*parts)


def _placed(placed: Placed) -> RenderableType:
    if placed.post:
        entry = render_line(placed.post)
    else:
        entry = _bare(placed.appearance)
    return _side_by_side(Text(f"{placed.appearance.position:>3} ", style="dim"), entry)


def _side_by_side(left: Text, right: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(left, right)
    return grid


def _entry(mark: str, head: Text, *below: Text) -> Table:
    """What a list names: the head on one line, cut where the terminal ends; below it what must be read in full."""
    head.no_wrap, head.overflow = True, "ellipsis"
    return _side_by_side(Text(mark), Group(head, *below))


def _bare(appearance: Appearance | None, found: Text | None = None) -> Table:
    """An embed that names no post."""
    if appearance:
        claim = appearance.claim
    else:
        claim = Claim()
    name = _text(claim.author_name or claim.author_handle or "unknown author", "bold")
    if found:
        head = name
    else:
        head = _row(name, "  ", _text(shorten(claim.text or "", MOST_WORDS)))
    return _entry("○", head, *([found] if found else []), Text("names no post", style="dim"))


def render_line(line: PostLine, found: Text | None = None) -> Table:
    """A post in a list: state, author and first words, or what was `found` in them; then where it stands, and its key."""
    author = _text(line.author_name or (f"@{line.author_handle}" if line.author_handle else "unknown author"), "bold")
    if found:
        head = author
    else:
        head = _row(author, "  ", _text(shorten(line.text or "", MOST_WORDS)))
    status = _text(say_post_status(line), "red" if line.status == "gone" else "dim")
    theirs: list[Text | str] = []
    if line.sighting:
        theirs = [_origin(line.sighting, ORIGIN_WORDS[line.sighting.origin].lower()), "  "]
    below = _row(*theirs, status, _text(f"  {line.key}", "dim"))
    return _entry(STATE_MARKS[line.status], head, *([found] if found else []), below)


def render_article_line(line: ArticleLine, found: Text | None = None) -> Table:
    gone = f", {line.gone} gone" if line.gone else ""
    partly = ""
    if line.partly_preserved:
        partly = f", {line.partly_preserved} preserved in part"
    figures = _text(f"{line.outlet or ''}  {say_count(line.embeds, 'embed')}{gone}{partly}", "dim")
    title = line.title or line.url
    other = [found] if found and found.plain != title else []  # what was found may be the name of the site
    if found and not other:
        head = found
    else:
        head = _text(title, "bold")
    return _entry("¶", head, *other, figures, _text(line.url, "dim"))


def render_hit(hit: Hit) -> RenderableType:
    """A search result: what holds the words, and the words in their place."""
    found = _row(*(_text(piece, "bold underline" if matched else "") for piece, matched in hit.pieces))
    if hit.post:
        return render_line(hit.post, found)
    if hit.article:
        return render_article_line(hit.article, found)
    return _bare(hit.appearance, found)


def render_lookup(lookup: Lookup) -> RenderableType:
    """The answer to a lookup; when there is none, what was tried and what to do next."""
    near = [Group(Text(f"Nearly, {why}:", style="dim"), render_line(line)) for line, why in lookup.near]
    parts: list[RenderableType] = [
        *(render_line(each) for each in lookup.posts),
        *(_placed(each) for each in lookup.embeds),
        *(render_article_line(each) for each in lookup.articles),
        *(render_hit(each) for each in lookup.hits),
        *(
            Group(render_line(each.post), _row("  ", say_similarity(each.distance, each.mirrored)))
            for each in lookup.alike
        ),
    ]
    if lookup.hits and (how := WAY_WORDS[lookup.hits[0].way]):
        parts.insert(0, Text(how, style="dim"))
    if parts:
        if lookup.total > len(lookup.posts) and lookup.browse:
            parts.append(
                Text(f"These are the newest of {say_number(lookup.total)}: {say_search(lookup.browse)}", style="dim")
            )
        missing = [_row(Text("Nothing for ", style="dim"), _text(shorten(each, 110))) for each in lookup.missing]
        return Group(*parts, *missing, *near)
    tried = [_row("  · ", _text(shorten(each, 110))) for each in lookup.tried]
    if lookup.understood.startswith(NO_PICTURE):
        why = lookup.understood.removeprefix(f"{NO_PICTURE}: ")
        return _row("Nothing was looked for by ", _text(shorten(lookup.text, 80), "bold"), f": {why}.")
    begin = "Nothing in this archive for "
    if lookup.near and lookup.understood == "a picture":
        begin = "Perhaps in this archive: "
    head = _row(begin, _text(shorten(lookup.text, 80), "bold"), f", read as {lookup.understood}.")
    steps = [_text(each) for each in (*say_spellings(lookup), *next_steps(lookup), *say_outlet(lookup))]
    return Group(head, *near, Text("Looked for:", style="dim"), *tried, *steps)


def say_search(asked: Mapping[str, str]) -> str:
    """The command that lists what is browsed by. Pure."""
    options = [word for name, value in asked.items() for word in (f"--{name}", value)]
    return say_command("embedarchive", "search", *options)


def say_spellings(lookup: Lookup) -> tuple[str, ...]:
    """What is spelt nearly so, or how else a text can be read, as commands."""
    return tuple(f"Or did you mean: {say_command('embedarchive', 'lookup', each)}" for each in lookup.spelt)


def say_outlet(lookup: Lookup) -> tuple[str, ...]:
    """The command that lists what there is of the outlet of an address that is not here."""
    if lookup.browse and lookup.url:
        return (f"What there is of that outlet: {say_search(lookup.browse)}",)
    return ()


TO_TRY = {
    "a date that can be read in several ways": (),
    "a handle": (
        "The post's own address is surer. To bring it in: embedarchive capture https://…",
        "To bring in an article with all it embeds: embedarchive crawl https://…",
    ),
    "a picture": (
        "Cut away what is not of the post: the bars of a phone, other posts above and below.",
        "Words in other colours (dark mode) and a photograph of a screen are seldom found: look up words that the post says, "
        "its author, or its address.",
    ),
    "words": (
        "Fewer words, or one that only this post has; a screenshot's file; the address of the post or of the article.",
        "To bring in an article with all it embeds: embedarchive crawl https://…",
    ),
}
"""What may help where nothing was found and no address was given."""


def next_steps(lookup: Lookup) -> tuple[str, ...]:
    """The commands that would bring what was not found into the archive."""
    if lookup.browse and not lookup.url:
        return (f"The whole year: {say_search(lookup.browse)}",)
    if not link_target(lookup.url):
        if lookup.text == "":
            return ()
        return TO_TRY.get(lookup.understood, TO_TRY["words"])
    verb = "capture" if lookup.is_post else "crawl"
    return (f"To bring it in: {say_command('embedarchive', verb, lookup.url)}",)


def render_figures(figures: Figures) -> RenderableType:
    """Totals of an archive."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold")
    table.add_column()
    rows = [
        (figures.articles, "articles"),
        (figures.embeds, f"embeds in them, {say_number(figures.unresolved)} naming no post"),
        (figures.posts, "posts"),
        (figures.preserved, f"preserved{say_partly(figures.partly_preserved)}"),
        (figures.gone, f"gone, {say_number(figures.gone_but_kept)} of them preserved"),
        *([(figures.perhaps_gone, "perhaps gone, not confirmed")] if figures.perhaps_gone else []),
        *([(figures.withheld, "withheld, in no other figure here")] if figures.withheld else []),
        (figures.captures, "visits"),
        (figures.replayed, f"shown again from the archive alone, {say_number(figures.not_replayed)} not yet replayed"),
    ]
    for number, label in rows:
        table.add_row(say_number(number), label)
    for name, posts, kept in figures.platforms:
        table.add_row(say_number(posts), _text(f"on {name}, {say_number(kept)} preserved"))
    table.add_row("", Text(f"{say_size(figures.bytes)} in one file; visits {_span(figures)}", style="dim"))
    return table


def _span(figures: Figures) -> str:
    if not figures.first_at:
        return "none yet"
    return f"{say_date(figures.first_at)} to {say_date(figures.last_at)}"
