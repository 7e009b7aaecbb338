"""Saved queries: questions that researchers ask of an archive, each answered by one SELECT."""

from __future__ import annotations

QUESTIONS: dict[str, dict[str, str]] = {
    "lost_by_outlet": {
        "title": "What is gone, outlet by outlet, and what of it is kept",
        "description": "Posts that each outlet embedded, how many are gone, how many of those can still be read here.",
        "sql": "SELECT outlet, articles, posts, gone, gone_but_kept, preserved, partly_preserved, "
        "round(100.0 * gone / nullif(posts, 0), 1) AS percent_gone "
        "FROM embeds_by_outlet ORDER BY gone DESC, posts DESC",
    },
    "survival": {
        "title": "Between which two looks each lost post went",
        "description": "Interval-censored survival data: the last look that saw the post and the first that did not.",
        "sql": "SELECT key, platform, posted_at, last_available_at, first_gone_at, "
        "round(julianday(last_available_at) - julianday(posted_at), 2) AS days_alive_at_least, "
        "round(julianday(first_gone_at) - julianday(posted_at), 2) AS days_alive_at_most "
        "FROM post_status WHERE status = 'gone' ORDER BY first_gone_at DESC LIMIT 1000",
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
        "WHERE e.author_handle = :handle COLLATE NOCASE LIMIT 1000",
    },
    "most_embedded": {
        "title": "The posts that most articles embed",
        "description": "And whether they are still there.",
        "sql": "SELECT key, status, kept, articles, url FROM post_status WHERE articles > 1 ORDER BY articles DESC LIMIT 200",
    },
    "kept_in_part": {
        "title": "Posts of which something is missing",
        "description": "How many files of each are held, which are lacking and why, and when they are tried again.",
        "sql": "SELECT key, status, held, expected, lacking, due_at, url FROM post_status WHERE kept = 'partial' "
        "ORDER BY due_at IS NULL, due_at, key LIMIT 1000",
    },
    "perhaps_gone": {
        "title": "Losses that are not confirmed",
        "description": "Posts that were said to be gone, why that is not believed yet, and when they are looked at again.",
        "sql": "SELECT key, doubt, last_checked_at, last_available_at, due_at, url FROM post_status "
        "WHERE status = 'unavailable' AND reason = 'unconfirmed' ORDER BY due_at, key LIMIT 1000",
    },
    "lost_and_not_kept": {
        "title": "Holes that cannot be filled",
        "description": "Posts that were gone before anyone looked, and the articles that embed them.",
        "sql": "SELECT l.key, l.url, e.article_url, e.text AS what_the_article_says FROM lost_posts l "
        "JOIN current_embeds e ON e.post_key = l.key WHERE NOT l.preserved LIMIT 1000",
    },
    "embeds_without_a_post": {
        "title": "Embeds that name no post",
        "description": "Markup that only names an author; to be identified by hand.",
        "sql": "SELECT article_url, position, author_name, author_handle, text FROM current_embeds "
        "WHERE post_key IS NULL AND kind = 'embed' ORDER BY article_url, position LIMIT 1000",
    },
    "edited_posts": {
        "title": "Posts whose words changed while they were online",
        "description": "Two looks at one post, one after the other, that read different words.",
        "sql": "SELECT post_key, before_at AS first_at, before AS first_text, at AS later_at, text AS later_text FROM "
        "(SELECT d.post_key, c.started_at AS at, d.text, lag(c.started_at) OVER looks AS before_at, "
        "lag(d.text) OVER looks AS before FROM current_descriptions d JOIN captures c ON c.id = d.capture_id "
        "WHERE c.outcome = 'available' AND c.purpose <> 'control' AND d.text IS NOT NULL "
        "WINDOW looks AS (PARTITION BY d.post_key ORDER BY coalesce(c.seen_at, c.started_at), c.uid)) "
        "WHERE trim(before) <> trim(text) LIMIT 500",
    },
    "claims_that_differ": {
        "title": "Where the article and the post do not agree",
        "description": "Author or date as the article's markup has it, beside what we saw.",
        "sql": "SELECT e.article_url, p.key, e.author_handle AS claimed, p.author_handle AS seen, "
        "e.posted_at AS claimed_date, p.posted_at AS seen_date FROM current_embeds e JOIN "
        "preserved_posts p ON p.key = e.post_key "
        "WHERE lower(e.author_handle) <> lower(p.author_handle) "
        "OR abs(julianday(e.posted_at) - julianday(p.posted_at)) > 1 LIMIT 500",
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
        "GROUP BY a.sha256 HAVING posts > 1 ORDER BY posts DESC LIMIT 200",
    },
    "walls_by_month": {
        "title": "How often platforms kept us out",
        "description": "Visits by month, platform and outcome, with the reasons given.",
        "sql": "SELECT substr(c.started_at, 1, 7) AS month, p.platform, c.outcome, c.reason, count(*) "
        "AS visits "
        "FROM captures c JOIN posts p ON p.key = c.post_key GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, visits DESC",
    },
    "post_of_a_url": {
        "title": "Is this address in the archive?",
        "description": "Any form of a post's address: tracking, embed, short or mobile.",
        "sql": "SELECT * FROM post_status WHERE key = post_key(:url)",
    },
}
