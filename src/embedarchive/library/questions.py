"""Saved queries: questions that researchers ask of an archive, each answered by one SELECT. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUESTIONS: dict[str, dict[str, str]] = {
    "lost_by_outlet": {
        "title": "What is gone, outlet by outlet, and what of it is kept",
        "description": "Posts that each outlet embedded, how many are gone, how many of those can still be read here.",
        "sql": "SELECT outlet, articles, posts, gone, gone_but_kept, preserved, partly_preserved, "
        "round(100.0 * gone / nullif(posts, 0), 1) AS percent_gone "
        "FROM embeds_by_outlet ORDER BY gone DESC, posts DESC",
    },
    "lifetimes": {
        "title": "From when to when each post was watched, and how that ended",
        "description": "Survival data, those still there included: days from the post to the first look that saw it, to the "
        "last that did, and to the first that did not (empty: it was there). `embedarchive stats survival` makes the curve.",
        "sql": "SELECT key, platform, handle, kind, outlets, born_at, event, cause, observations, "
        "round(julianday(entered_at) - julianday(born_at), 2) AS entered_days, "
        "round(julianday(alive_at) - julianday(born_at), 2) AS seen_days, "
        "round(julianday(missing_at) - julianday(born_at), 2) AS missing_days "
        "FROM lifetimes ORDER BY born_at DESC, key",
    },
    "holes": {
        "title": "Articles that have a hole, and how many have none",
        "description": "Each article whose posts were looked at: its embeds, how many are gone, how many of those are kept. "
        "`embedarchive stats rot` makes the shares.",
        "sql": "SELECT article_url, outlet, published_at, embeds, known, gone, gone_but_kept, perhaps_gone, not_seen, "
        "gone > 0 AS has_hole FROM holes WHERE known > 0 ORDER BY gone DESC, article_url",
    },
    "dead_by_outlet_and_year": {
        "title": "What share of each outlet's embeds is dead, by year of publication",
        "description": "Embeds of posts whose standing is known, with the share that is gone and its 95 % interval (Wilson). "
        "Where the intervals of two outlets overlap much, nothing is said of a difference.",
        "sql": "SELECT outlet, coalesce(substr(published_at, 1, 4), 'no date') AS year, sum(known) AS embeds, "
        "sum(gone) AS gone, round(100.0 * sum(gone) / sum(known), 1) AS percent, "
        "round(100 * wilson_low(sum(gone), sum(known)), 1) AS low, "
        "round(100 * wilson_high(sum(gone), sum(known)), 1) AS high "
        "FROM holes WHERE known > 0 GROUP BY outlet, year ORDER BY outlet, year",
    },
    "loss_rates": {
        "title": "Which platform rots fastest",
        "description": "Posts lost for every hundred post-years under watch, from the first look that saw each, "
        "so that neither late nor long watching makes a platform look worse. Losses count in the middle of their interval.",
        "sql": "SELECT platform, count(*) AS posts, sum(event IS 'gone') AS lost, round(sum(years), 1) AS post_years, "
        "round(100.0 * sum(event IS 'gone') / sum(years), 1) AS lost_per_100_post_years FROM "
        "(SELECT platform, event, (iif(event IS 'gone', (julianday(alive_at) + julianday(missing_at)) / 2, "
        "julianday(alive_at)) - julianday(entered_at)) / 365.25 AS years FROM lifetimes WHERE entered_at IS NOT NULL) "
        "GROUP BY platform HAVING sum(years) > 0 ORDER BY lost_per_100_post_years DESC, platform",
    },
    "shared_by_outlets": {
        "title": "Posts that several outlets embed",
        "description": "How many outlets and articles embed each, and whether it is still there.",
        "sql": "SELECT e.post_key AS key, count(DISTINCT e.outlet) AS outlets, count(DISTINCT e.article_id) AS articles, "
        "s.status, s.kept, s.url FROM current_embeds e JOIN post_status s ON s.key = e.post_key WHERE e.kind = 'embed' "
        "GROUP BY e.post_key HAVING count(DISTINCT e.outlet) > 1 ORDER BY outlets DESC, articles DESC, key",
    },
    "embeds_per_article": {
        "title": "How much articles embed, by month",
        "description": "Articles published in each month and their embeds as last read; those without any count too.",
        "sql": "SELECT coalesce(substr(a.published_at, 1, 7), 'no date') AS month, count(*) AS articles, "
        "sum(embeds) AS embeds, round(avg(embeds), 2) AS embeds_per_article, "
        "round(100.0 * sum(embeds > 0) / count(*), 1) AS percent_with_embeds FROM "
        "(SELECT a.*, (SELECT count(*) FROM current_embeds e WHERE e.article_id = a.id AND e.kind = 'embed') AS embeds "
        "FROM articles a WHERE EXISTS (SELECT 1 FROM fetches f WHERE f.article_id = a.id AND f.searched_rules IS NOT NULL)) a "
        "GROUP BY month ORDER BY month",
    },
    "languages": {
        "title": "In which languages posts are",
        "description": "By where the language was read: what the platform says, or what a detector found (`detector`).",
        "sql": "SELECT coalesce(d.lang, 'not known') AS lang, coalesce(json_extract(d.sources, '$.lang'), "
        "iif(d.lang IS NULL, '', 'platform')) AS source, count(*) AS posts, sum(s.status = 'gone') AS gone "
        "FROM post_status s JOIN current_descriptions d ON d.capture_id = s.best_capture_id "
        "GROUP BY 1, 2 ORDER BY posts DESC, lang, source",
    },
    "kinds": {
        "title": "What kinds of posts are embedded, and what share of each is gone",
        "description": "Photos, videos, texts … by platform, with the share that is gone and its 95 % interval (Wilson).",
        "sql": "SELECT platform, coalesce(kind, 'not known') AS kind, count(*) AS posts, sum(event IS 'gone') AS gone, "
        "round(100.0 * sum(event IS 'gone') / count(*), 1) AS percent, "
        "round(100 * wilson_low(sum(event IS 'gone'), count(*)), 1) AS low, "
        "round(100 * wilson_high(sum(event IS 'gone'), count(*)), 1) AS high "
        "FROM lifetimes GROUP BY 1, 2 ORDER BY posts DESC, platform, kind",
    },
    "coverage": {
        "title": "What this archive cannot know",
        "description": "By platform: posts nobody has seen or found missing, posts gone before anyone looked, posts more than "
        "a day old at the first look (late entry), embeds that name no post, and days between looks.",
        "sql": "SELECT p.platform, count(*) AS posts, sum(l.key IS NULL) AS nothing_known, "
        "sum(l.event IS 'gone' AND l.entered_at IS NULL) AS gone_before, "
        "sum(julianday(l.entered_at) - julianday(l.born_at) > 1) AS late_entry, sum(l.born_at IS NULL AND l.key IS NOT NULL) "
        "AS no_date, (SELECT count(*) FROM current_embeds e WHERE e.platform = p.platform AND e.post_key IS NULL "
        "AND e.kind = 'embed') AS embeds_without_post, round(avg(iif(l.observations > 1, (julianday(coalesce(l.missing_at, "
        "l.alive_at)) - julianday(l.entered_at)) / (l.observations - 1), NULL)), 1) AS days_between_observations "
        "FROM posts p LEFT JOIN lifetimes l ON l.key = p.key WHERE p.same_as IS NULL AND p.is_control = 0 "
        "GROUP BY p.platform ORDER BY posts DESC, p.platform",
    },
    "edits_by_month": {
        "title": "How often posts' words change, by month",
        "description": "Posts of which two looks, one after the other, read different words, of all that were looked at again.",
        "sql": "SELECT substr(at, 1, 7) AS month, count(DISTINCT post_key) AS looked_at_again, "
        "count(DISTINCT iif(trim(before) <> trim(text), post_key, NULL)) AS edited, "
        "round(100 * wilson_low(count(DISTINCT iif(trim(before) <> trim(text), post_key, NULL)), count(DISTINCT post_key)), 1) "
        "AS low, round(100 * wilson_high(count(DISTINCT iif(trim(before) <> trim(text), post_key, NULL)), "
        "count(DISTINCT post_key)), 1) AS high FROM "
        "(SELECT d.post_key, coalesce(c.seen_at, c.started_at) AS at, d.text, lag(d.text) OVER looks AS before "
        "FROM current_descriptions d JOIN captures c ON c.id = d.capture_id AND c.origin = 'visit' "
        "WHERE c.outcome = 'available' AND c.purpose <> 'control' AND d.text IS NOT NULL "
        "WINDOW looks AS (PARTITION BY d.post_key ORDER BY coalesce(c.seen_at, c.started_at), c.uid)) "
        "WHERE before IS NOT NULL GROUP BY month ORDER BY month",
    },
    "loss_by_platform": {
        "title": "Which platforms lose most",
        "description": "Posts by platform and where they stand. Walls are a state of their own "
        "and never count as losses.",
        "sql": "SELECT platform, count(*) AS posts, sum(status = 'gone') AS gone, sum(status = "
        "'unavailable') AS unavailable, "
        "sum(reason IS 'unconfirmed') AS perhaps_gone, sum(status IN ('blocked', 'error')) AS not_known, "
        "sum(kept = 'whole') AS preserved, sum(kept = 'partial') AS partly_preserved "
        "FROM post_status GROUP BY platform ORDER BY gone DESC, posts DESC",
    },
    "posts_by_handle": {
        "title": "Everything by one account",
        "description": "Posts of an account as we saw them, and embeds that publishers credit to it. Handle without @.",
        "sql": "SELECT p.key, p.status, p.kept, p.posted_at, p.text, 'seen' AS known_by FROM preserved_posts p "
        "WHERE p.author_handle = :handle COLLATE NOCASE UNION ALL "
        "SELECT e.post_key, NULL, NULL, e.posted_at, e.text, 'claimed by ' || e.outlet FROM current_embeds e "
        "WHERE e.author_handle = :handle COLLATE NOCASE",
    },
    "most_embedded": {
        "title": "The posts that most articles embed",
        "description": "And whether they are still there.",
        "sql": "SELECT key, status, kept, articles, url FROM post_status WHERE articles > 1 ORDER BY articles DESC",
    },
    "kept_in_part": {
        "title": "Posts of which something is missing",
        "description": "How many files of each are held, which are lacking and why, and when they are tried again.",
        "sql": "SELECT key, status, held, expected, lacking, due_at, url FROM post_status WHERE kept = 'partial' "
        "ORDER BY due_at IS NULL, due_at, key",
    },
    "perhaps_gone": {
        "title": "Losses that are not confirmed",
        "description": "Posts that were said to be gone, why that is not believed yet, and when they are looked at again.",
        "sql": "SELECT key, doubt, last_checked_at, last_available_at, due_at, url FROM post_status "
        "WHERE status = 'unavailable' AND reason = 'unconfirmed' ORDER BY due_at, key",
    },
    "lost_and_not_kept": {
        "title": "Holes that cannot be filled",
        "description": "Posts that were gone before anyone looked, and the articles that embed them.",
        "sql": "SELECT l.key, l.url, e.article_url, e.text AS what_the_article_says FROM lost_posts l "
        "JOIN current_embeds e ON e.post_key = l.key WHERE NOT l.preserved",
    },
    "embeds_without_a_post": {
        "title": "Embeds that name no post",
        "description": "Markup that only names an author; to be identified by hand.",
        "sql": "SELECT article_url, position, author_name, author_handle, text FROM current_embeds "
        "WHERE post_key IS NULL AND kind = 'embed' ORDER BY article_url, position",
    },
    "edited_posts": {
        "title": "Posts whose words changed while they were online",
        "description": "Two looks at one post that read different words at the same place of its page; "
        "of a post without a text, its title.",
        "sql": "WITH looks AS (SELECT d.*, c.uid, c.started_at, coalesce(c.seen_at, c.started_at) AS seen "
        "FROM current_descriptions d JOIN captures c ON c.id = d.capture_id AND c.origin = 'visit' "
        "WHERE c.outcome = 'available' AND c.purpose <> 'control'), "
        "words AS (SELECT post_key, uid, started_at, seen, text AS said, 'text ' || coalesce(sources ->> 'text', '') AS place "
        "FROM looks UNION ALL SELECT post_key, uid, started_at, seen, title, 'title ' || coalesce(sources ->> 'title', '') "
        "FROM looks WHERE text IS NULL), "
        "pairs AS (SELECT post_key, lag(started_at) OVER w AS first_at, lag(said) OVER w AS first_text, "
        "started_at AS later_at, said AS later_text FROM words WHERE said IS NOT NULL "
        "WINDOW w AS (PARTITION BY post_key, place ORDER BY seen, uid)) "
        "SELECT * FROM pairs WHERE trim(first_text) <> trim(later_text)",
    },
    "claims_that_differ": {
        "title": "Where the article and the post do not agree",
        "description": "Author or date as the article's markup has it, beside what we saw.",
        "sql": "SELECT e.article_url, p.key, e.author_handle AS claimed, p.author_handle AS seen, "
        "e.posted_at AS claimed_date, p.posted_at AS seen_date FROM current_embeds e JOIN "
        "preserved_posts p ON p.key = e.post_key "
        "WHERE lower(e.author_handle) <> lower(p.author_handle) "
        "OR abs(julianday(e.posted_at) - julianday(p.posted_at)) > 1",
    },
    "embedded_after": {
        "title": "How fast each outlet embeds",
        "description": "Hours from a post to the article that embeds it, by outlet, from ids and "
        "publishers' own dates.",
        "sql": "SELECT e.outlet, count(*) AS embeds, "
        "round(avg(24 * (julianday(a.published_at) - julianday(p.posted_at))), 1) AS hours_on_average "
        "FROM current_embeds e JOIN articles a ON a.id = e.article_id JOIN posts p ON p.key = e.post_key "
        "WHERE a.published_at > p.posted_at GROUP BY e.outlet ORDER BY embeds DESC",
    },
    "same_picture": {
        "title": "One picture in several posts",
        "description": "Media files, equal byte for byte, that different posts carry.",
        "sql": "SELECT a.sha256, count(DISTINCT c.post_key) AS posts, group_concat(DISTINCT c.post_key) "
        "AS keys "
        "FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.role = 'media' "
        "GROUP BY a.sha256 HAVING posts > 1 ORDER BY posts DESC",
    },
    "walls_by_month": {
        "title": "How often platforms kept us out",
        "description": "Visits by month, platform and outcome, with the reasons given.",
        "sql": "SELECT substr(c.started_at, 1, 7) AS month, p.platform, c.outcome, c.reason, count(*) "
        "AS visits "
        "FROM captures c JOIN posts p ON p.key = c.post_key WHERE c.origin = 'visit' "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, visits DESC",
    },
    "post_of_a_url": {
        "title": "Is this address in the archive?",
        "description": "Any form of a post's address: tracking, embed, short or mobile.",
        "sql": "SELECT * FROM post_status WHERE key = post_key(:url)",
    },
}

_CLAUSE = re.compile(r" (?:FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|UNION)\b")
WIDTH = 96


def lay_out(sql: str) -> str:
    """SQL with each clause on a line of its own, deeper ones further in, and long lists over several lines. Pure."""
    lines, at = [], 0
    for place, _ in find_depths(sql):
        if _CLAUSE.match(sql, place):
            lines.append(sql[at:place])
            at = place + 1
    lines.append(sql[at:])
    told, depth = [], 0
    for line in lines:
        told += ["  " * depth + piece for piece in wrap_list(line)]
        depth += line.count("(") - line.count(")")
    return "\n".join(told)


def find_depths(sql: str) -> Iterator[tuple[int, int]]:
    """Each space and comma that stands in no quotes, with how many brackets are open there. Pure."""
    depth, quoted = 0, False
    for place, sign in enumerate(sql):
        quoted ^= sign == "'"
        if not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign in " ,":
                yield place, depth


def wrap_list(line: str) -> Iterator[str]:
    """A line, broken behind those of its commas that stand in no brackets, where it is too long. Pure."""
    at = last = 0
    for place, depth in find_depths(line):
        if line[place] == "," and depth == 0:
            if place - at > WIDTH and last > at:
                yield indent(line[at:last], at)
                at = last + 1
            last = place + 1
    if len(line) - at > WIDTH and last > at:
        yield indent(line[at:last], at)
        at = last + 1
    yield indent(line[at:], at)


def indent(piece: str, at: int) -> str:
    if at:
        return f"  {piece}"
    return piece


QUESTIONS: dict[str, dict[str, str]] = {
    name: {**question, "sql": lay_out(question["sql"])} for name, question in _QUESTIONS.items()
}

OTHER_NAMES = {"holes": "holes_by_article", "lifetimes": "lifetimes_in_days"}
"""In Datasette a question and a view have their name for an address: those that bear a view's are asked by another."""


def find_address(name: str) -> str:
    """The name by which Datasette knows a question."""
    return OTHER_NAMES.get(name, name)


ADDRESSED = {find_address(name): question for name, question in QUESTIONS.items()}
"""The questions as Datasette is told them."""
