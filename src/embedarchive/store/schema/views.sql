-- What is due, and what readers look at. Made anew whenever a newer embedarchive opens the archive.

-- ---------------------------------------------------------------------------------------------- what is erased

-- Posts that were erased, under each of their names, here or where a tombstone came from. Nothing of them is kept any more:
-- this one condition bars visits, descriptions, conclusions, replays, and what articles, imports and other archives bring again.
CREATE VIEW barred_posts AS
  SELECT subject AS key FROM access WHERE kind = 'post' AND level = 'erased'
  UNION ALL
  SELECT p.key FROM posts p CROSS JOIN access a ON a.kind = 'post' AND a.subject = p.same_as AND a.level = 'erased';

-- Articles that were erased, by themselves or with their outlet.
CREATE VIEW barred_articles AS
  SELECT r.id FROM articles r CROSS JOIN access a ON a.kind = 'article' AND a.subject = r.url AND a.level = 'erased'
  UNION ALL
  SELECT r.id FROM articles r CROSS JOIN access a ON a.kind = 'outlet' AND a.subject = r.outlet AND a.level = 'erased';

-- ------------------------------------------------------------------------------------------------ what is due

-- Articles that a run is to fetch, from when on, and how often in a row that failed.
CREATE VIEW articles_to_fetch AS
  SELECT id, url, outlet, fetch_after, failures FROM articles
  WHERE fetch_after IS NOT NULL AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = articles.id);

-- Fetched articles whose scripts a browser is to run.
CREATE VIEW fetches_to_render AS
  SELECT id, article_id, url, final_url FROM fetches f WHERE to_render = 1
    AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = f.article_id)
    AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = f.article_id AND a.forgotten_at IS NOT NULL);

-- What is to be rendered is searched once, in both texts.
CREATE VIEW fetches_to_search AS
  SELECT id, article_id, url, final_url, content_type, html_sha256, dom_sha256, headers, searched_rules
  FROM fetches f WHERE outcome = 'ok' AND html_sha256 IS NOT NULL AND to_render = 0
    AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = f.article_id)
    AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = f.article_id AND a.forgotten_at IS NOT NULL);

-- Pages that are kept by reference, and where each stands: searched again, by a newer finder, from the file that holds it.
CREATE VIEW referred_to_search AS
  SELECT f.id, f.article_id, f.url, f.final_url, f.content_type, f.searched_rules,
         p.file, p.member, p.offset, p.length, p.sha256, p.size
  FROM page_places p JOIN fetches f ON f.id = p.fetch_id WHERE f.outcome = 'ok'
    AND NOT EXISTS (SELECT 1 FROM barred_articles b WHERE b.id = f.article_id)
    AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = f.article_id AND a.forgotten_at IS NOT NULL);

-- A post is due until one visit has ended in an answer about the post itself; a wall or a fault is none.
CREATE VIEW posts_to_capture AS
  SELECT p.key, p.platform, p.native_id, p.url, p.posted_at, p.resolved, p.capture_after
  FROM posts p JOIN platforms f ON f.name = p.platform
  WHERE p.capture_after IS NOT NULL AND p.same_as IS NULL AND (f.visitable OR NOT p.resolved) AND p.forgotten_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key);

-- The same, for one run: what it is about and has not yet visited.
CREATE VIEW targets_to_visit AS
  SELECT t.crawl_id, t.turn, t.forced, p.key, p.platform, p.native_id, p.url, p.posted_at, p.resolved, p.capture_after
  FROM targets t JOIN posts p ON p.key = t.post_key JOIN platforms f ON f.name = p.platform
  WHERE t.visited = 0 AND p.same_as IS NULL AND (t.forced OR p.capture_after IS NOT NULL)
    AND (f.visitable OR NOT p.resolved) AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key);

-- The known posts of each article's newest searched download that no browser has photographed there. `alone` is 0 where only
-- the article can show the post: its platform refuses to show it by itself, or this version cannot visit it.
CREATE VIEW embeds_to_place AS
  SELECT e.article_id, e.fetch_id, e.post_key, e.position, f.visitable AND NOT coalesce(
      (SELECT k.embedding = 'refused' OR k.reason = 'frame_refused' FROM checks k JOIN captures c ON c.id = k.capture_id
       WHERE c.post_key = e.post_key AND c.fetch_id IS NULL
       ORDER BY coalesce(c.seen_at, c.started_at) DESC, c.uid DESC LIMIT 1), 0) AS alone
  FROM current_embeds e JOIN posts p ON p.key = e.post_key JOIN platforms f ON f.name = p.platform
  WHERE e.kind = 'embed' AND p.resolved AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key)
    AND EXISTS (SELECT 1 FROM fetches h WHERE h.id = e.fetch_id AND h.source = 'network')
    AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.fetch_id = e.fetch_id AND c.post_key = e.post_key
                    AND c.outcome <> 'error');

-- Articles with posts to photograph. A run that was not asked to waits until it has visited their posts by themselves,
-- so that each article is opened once for all that refused.
CREATE VIEW articles_to_open AS
  SELECT w.crawl_id, w.fetch_id AS id, h.url, h.final_url
  FROM placements w JOIN fetches h ON h.id = w.fetch_id JOIN crawls r ON r.id = w.crawl_id
  WHERE w.tried = 0 AND w.rowid = (SELECT min(x.rowid) FROM placements x
      WHERE x.crawl_id = w.crawl_id AND x.fetch_id = w.fetch_id AND x.tried = 0)
    AND (r.in_article OR NOT EXISTS (
      SELECT 1 FROM embeds e JOIN targets_to_visit t ON t.key = e.post_key AND t.crawl_id = w.crawl_id
      WHERE e.fetch_id = w.fetch_id));

-- Captures of which no description by the newest rules is kept.
CREATE VIEW captures_to_describe AS
  SELECT w.capture_id AS id, c.post_key, c.origin, p.platform, f.rules
  FROM pending w JOIN captures c ON c.id = w.capture_id
  JOIN posts p ON p.key = c.post_key JOIN platforms f ON f.name = p.platform
  WHERE w.work = 'describe' AND f.visitable AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key);

-- Captures whose pictures have no marks yet, by which a part of one is found.
CREATE VIEW captures_to_mark AS
  SELECT w.capture_id AS id, c.post_key FROM pending w JOIN captures c ON c.id = w.capture_id WHERE w.work = 'mark';

-- Preserved, described, and not yet shown again from the archive alone: by the rule of the sample (`work` is replay), or when a
-- run has time (replay later). `has_page` is 0 where no page is kept to show.
CREATE VIEW captures_to_replay AS
  SELECT w.capture_id AS id, w.work, c.post_key, p.platform, EXISTS (
      SELECT 1 FROM exchanges x
      WHERE x.capture_id = c.id AND x.resource_type = 'document' AND x.body_sha256 IS NOT NULL) AS has_page
  FROM pending w JOIN captures c ON c.id = w.capture_id
  JOIN posts p ON p.key = c.post_key JOIN platforms f ON f.name = p.platform
  WHERE +w.work IN ('replay', 'replay later') AND f.visitable AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key);

-- Captures that nothing is concluded from yet; those of a post that is still to be described wait for that, and those of a run
-- whose clock was wrong for another visit.
CREATE VIEW captures_to_conclude AS
  SELECT w.capture_id AS id, c.post_key
  FROM pending w JOIN captures c ON c.id = w.capture_id LEFT JOIN crawls r ON r.id = c.crawl_id
  WHERE w.work = 'conclude' AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key) AND (r.clock_suspect IS NULL OR EXISTS (
    SELECT 1 FROM captures o LEFT JOIN crawls q ON q.id = o.crawl_id
    WHERE o.post_key = c.post_key AND q.clock_suspect IS NULL)) AND NOT EXISTS (
    SELECT 1 FROM captures o JOIN pending d ON d.capture_id = o.id AND d.work = 'describe'
    JOIN posts p ON p.key = o.post_key JOIN platforms f ON f.name = p.platform
    WHERE o.post_key = c.post_key AND f.visitable);

-- Posts that were seen alive, and when and why each is observed next; `worth` is its chance of being lost, a day, times the
-- articles that embed it.
CREATE VIEW posts_to_observe AS
  SELECT s.post_key AS key, s.platform, s.account, s.observe_after, s.observe_why, s.articles,
         s.chance * max(s.articles, 1) AS worth, s.last_seen_at
  FROM schedule s JOIN posts p ON p.key = s.post_key JOIN platforms f ON f.name = s.platform
  WHERE f.visitable AND p.same_as IS NULL AND p.is_control = 0 AND p.forgotten_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key);

-- Posts that are gone or cannot be seen, and of which no capture is held that shows them, be it ours or another's: others may
-- still hold them.
CREATE VIEW posts_to_seek AS
  SELECT p.key, p.platform, n.status, n.reason, coalesce(n.first_gone_at, n.last_checked_at) AS lost_at
  FROM conclusions n JOIN posts p ON p.key = n.post_key JOIN platforms f ON f.name = p.platform
  WHERE n.status IN ('gone', 'unavailable') AND n.best_capture_id IS NULL AND f.visitable AND p.resolved
    AND p.same_as IS NULL AND p.is_control = 0 AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key)
    AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key AND c.outcome = 'available' AND c.purpose <> 'control');

-- What is still to be told to somebody, from when on.
CREATE VIEW changes_to_tell AS
  SELECT d.change_id AS id, d.channel, d.due_at, d.tried, d.channel || ' ' || d.change_id AS name
  FROM deliveries d JOIN changes c ON c.id = d.change_id WHERE d.due_at IS NOT NULL;

-- Every post that was once seen alive, and when it was last looked at.
CREATE VIEW posts_to_check AS
  SELECT p.key, p.platform, p.native_id, p.url, p.posted_at, max(k.checked_at) AS last_checked_at
  FROM posts p JOIN checks k ON k.post_key = p.key
  WHERE EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key AND c.outcome = 'available' AND c.purpose <> 'control' AND c.origin = 'visit')
    AND p.forgotten_at IS NULL AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = p.key)
  GROUP BY p.key;

-- ---------------------------------------------------------------------------------------- what readers look at

-- The newest rules' description of each capture.
CREATE VIEW current_descriptions AS
  SELECT d.* FROM descriptions d
  WHERE d.rules = (SELECT max(rules) FROM descriptions x WHERE x.capture_id = d.capture_id);

-- One line a post: where it stands now, as concluded; for one whose newest visit was killed before its conclusion, as far as
-- that can be said without: nothing is gone then.
CREATE VIEW post_status AS
  SELECT p.key, p.platform, p.native_id, p.url, p.posted_at, p.resolved, p.first_seen_at,
    coalesce(n.status,
      (SELECT iif(k.outcome = 'gone', 'unavailable', k.outcome) FROM checks k JOIN captures c ON c.id = k.capture_id WHERE k.post_key = p.key
       ORDER BY k.outcome IN ('available', 'gone', 'unavailable') DESC, coalesce(c.seen_at, k.checked_at) DESC, c.uid DESC LIMIT 1),
      'not captured') AS status,
    coalesce(n.reason, iif(n.post_key IS NULL,
      (SELECT iif(k.outcome = 'gone', 'unconfirmed', k.reason) FROM checks k JOIN captures c ON c.id = k.capture_id WHERE k.post_key = p.key
       ORDER BY k.outcome IN ('available', 'gone', 'unavailable') DESC, coalesce(c.seen_at, k.checked_at) DESC, c.uid DESC LIMIT 1), NULL)) AS reason,
    n.doubt,
    coalesce(n.last_checked_at, (SELECT max(k.checked_at) FROM checks k WHERE k.post_key = p.key)) AS last_checked_at,
    coalesce(n.last_available_at, iif(n.post_key IS NULL,
      (SELECT max(k.checked_at) FROM checks k WHERE k.post_key = p.key AND k.outcome = 'available'), NULL)) AS last_available_at,
    n.first_gone_at, n.confirmed_at, n.came_back_at,
    -- An archive that nobody has written since the losses before a return are kept tells of the last one only.
    iif(coalesce(n.losses, '[]') <> '[]', n.losses, iif(n.status = 'gone' OR n.came_back_at IS NOT NULL,
      '[{"first_gone_at":"' || coalesce(n.first_gone_at, '') || '","ended_at":'
        || iif(n.status = 'gone', 'null', '"' || n.came_back_at || '"') || '}]',
      '[]')) AS losses,
    n.embedding,
    coalesce(n.kept,
      (SELECT iif(c.missing = '[]', 'whole', 'partial') FROM captures c
       WHERE c.post_key = p.key AND c.outcome = 'available' AND c.purpose <> 'control'
       ORDER BY c.origin <> 'visit', c.origin = 'memento', c.fetch_id IS NOT NULL, c.missing <> '[]', c.started_at DESC, c.uid DESC LIMIT 1), 'none') AS kept, coalesce(n.expected, 0) AS expected, coalesce(n.held, 0) AS held,
    coalesce(n.lacking, '[]') AS lacking, coalesce(n.joined, '{}') AS joined, coalesce(n.passing, 0) AS passing,
    coalesce(n.best_capture_id,
      (SELECT c.id FROM captures c WHERE c.post_key = p.key AND c.outcome = 'available' AND c.purpose <> 'control'
       ORDER BY c.origin <> 'visit', c.origin = 'memento', c.fetch_id IS NOT NULL, c.missing <> '[]', c.started_at DESC, c.uid DESC LIMIT 1)) AS best_capture_id,
    coalesce(n.visits, (SELECT count(*) FROM captures c WHERE c.post_key = p.key AND c.origin = 'visit' AND c.purpose <> 'control')) AS visits,
    (SELECT max(c.seen_at) FROM captures c WHERE c.post_key = p.key AND c.origin <> 'visit' AND c.outcome = 'available') AS seen_by_others_at,
    n.due_at,
    (SELECT count(DISTINCT e.article_id) FROM embeds e WHERE e.post_key = p.key AND e.kind = 'embed') AS articles,
    -- Whose observation the best capture is and of when; if it is not ours, a JSON record of who saw the post (seen_by, source,
    -- taken_over_at).
    w.origin, w.seen_at, iif(w.origin <> 'visit', w.environment, NULL) AS sighting
  FROM posts p LEFT JOIN conclusions n ON n.post_key = p.key LEFT JOIN captures w ON w.id = n.best_capture_id WHERE p.same_as IS NULL AND p.is_control = 0;

-- Posts whose content is kept, alive or not, with what they said.
CREATE VIEW preserved_posts AS
  SELECT s.key, s.platform, s.status, s.kept, s.held, s.expected, s.url, d.author_name, d.author_handle, d.kind, d.text, d.posted_at,
         s.last_available_at, s.first_gone_at, s.articles, s.best_capture_id AS capture_id,
         (SELECT a.sha256 FROM artifacts a WHERE a.capture_id = s.best_capture_id AND a.role = 'screenshot') AS screenshot,
         (SELECT count(*) FROM artifacts a WHERE a.capture_id = s.best_capture_id AND a.role = 'media') AS media,
         (SELECT r.score FROM replays r WHERE r.capture_id = s.best_capture_id ORDER BY r.checked_at DESC, r.id DESC LIMIT 1)
           AS replay_score
  FROM post_status s JOIN current_descriptions d ON d.capture_id = s.best_capture_id;

-- Posts that are gone (or were gone before we came), and whether we hold them.
CREATE VIEW lost_posts AS
  SELECT s.key, s.platform, s.url, s.last_available_at, s.first_gone_at, s.best_capture_id IS NOT NULL AS preserved, s.kept,
         s.held, s.expected,
         d.author_name, d.author_handle, d.text, s.articles, s.best_capture_id AS capture_id,
         (SELECT a.sha256 FROM artifacts a WHERE a.capture_id = s.best_capture_id AND a.role = 'screenshot') AS screenshot
  FROM post_status s LEFT JOIN current_descriptions d ON d.capture_id = s.best_capture_id
  WHERE s.status = 'gone';

-- The embeds of each article's newest searched fetch, in reading order, with the state of each post.
CREATE VIEW current_embeds AS
  SELECT e.*, a.url AS article_url, a.outlet, a.title AS article_title
  FROM embeds e JOIN articles a ON a.id = e.article_id
  WHERE e.fetch_id = (SELECT f.id FROM fetches f WHERE f.article_id = e.article_id AND f.searched_rules IS NOT NULL
                      ORDER BY f.fetched_at DESC, f.id DESC LIMIT 1);

-- What lists note of articles, as far as it counts: of one name the newest, several where a list has several rows of an article.
CREATE VIEW current_notes AS
  SELECT n.id, u.article_id, a.url AS article_url, n.name, n.value, n.by, n.at
  FROM notes n JOIN article_urls u ON u.url = n.subject JOIN articles a ON a.id = u.article_id
  WHERE n.subject_kind = 'articles' AND n.value IS NOT NULL AND n.at = (SELECT max(o.at) FROM notes o
    WHERE o.subject_kind = n.subject_kind AND o.subject = n.subject AND o.name = n.name);

-- What people note of posts, as far as it counts. A tag is a note whose name is `tag` and the tag itself.
CREATE VIEW current_post_notes AS
  SELECT n.id, n.subject AS post_key, n.name, n.value, n.by, n.at FROM notes n
  WHERE n.subject_kind = 'posts' AND n.value IS NOT NULL AND n.at = (SELECT max(o.at) FROM notes o
    WHERE o.subject_kind = n.subject_kind AND o.subject = n.subject AND o.name = n.name);

-- The posts of each tag: tagged themselves, or embedded in an article that is.
CREATE VIEW tagged_posts AS
  SELECT n.value AS tag, n.post_key FROM current_post_notes n WHERE substr(n.name, 1, 4) = 'tag '
  UNION
  SELECT n.value, e.post_key FROM current_notes n CROSS JOIN embeds e ON e.article_id = n.article_id
  WHERE substr(n.name, 1, 4) = 'tag ' AND e.kind = 'embed' AND e.post_key IS NOT NULL;

-- Per outlet: what it embedded, how much of that is gone, and how much of what is gone we kept.
CREATE VIEW embeds_by_outlet AS
  SELECT e.outlet, count(DISTINCT e.article_id) AS articles, count(*) AS embeds, count(DISTINCT e.post_key) AS posts,
         count(DISTINCT CASE WHEN s.status = 'gone' THEN e.post_key END) AS gone,
         count(DISTINCT CASE WHEN s.status = 'gone' AND s.best_capture_id IS NOT NULL THEN e.post_key END) AS gone_but_kept,
         count(DISTINCT CASE WHEN s.best_capture_id IS NOT NULL THEN e.post_key END) AS preserved,
         count(DISTINCT CASE WHEN s.kept = 'partial' THEN e.post_key END) AS partly_preserved,
         sum(e.post_key IS NULL) AS unresolved
  FROM current_embeds e LEFT JOIN post_status s ON s.key = e.post_key
  WHERE e.kind = 'embed' GROUP BY e.outlet;

-- Every observation of every post, oldest first.
CREATE VIEW post_history AS
  SELECT k.post_key, k.checked_at, k.outcome, k.reason, k.capture_id, d.text, d.likes, d.comments
  FROM checks k JOIN captures c ON c.id = k.capture_id LEFT JOIN current_descriptions d ON d.capture_id = k.capture_id
  ORDER BY k.post_key, coalesce(c.seen_at, k.checked_at), c.uid;

-- Per article and post: when an edit brought the embed in, and whether a later one took it out.
CREATE VIEW embed_history AS
  SELECT a.id AS article_id, a.url AS article_url, e.platform, e.post_key,
         min(f.fetched_at) AS first_seen_at, max(f.fetched_at) AS last_seen_at,
         min(f.fetched_at) > (SELECT min(x.fetched_at) FROM fetches x
                              WHERE x.article_id = a.id AND x.searched_rules IS NOT NULL) AS appeared_later,
         max(f.fetched_at) < (SELECT max(x.fetched_at) FROM fetches x
                              WHERE x.article_id = a.id AND x.searched_rules IS NOT NULL) AS vanished
  FROM embeds e JOIN fetches f ON f.id = e.fetch_id JOIN articles a ON a.id = e.article_id
  WHERE e.kind = 'embed' AND e.post_key IS NOT NULL
  GROUP BY a.id, e.post_key;

-- Every believed loss of a post that had been seen alive: it went after `alive_at` (seen by us, or by others after that), and no later than `missing_at`. `confirmed` is
-- 1 when an answer a day later said the same; `back_at` is when it was seen again.
CREATE VIEW losses AS
  SELECT c.post_key, p.platform, max(c.after, coalesce((SELECT max(o.seen_at) FROM captures o WHERE o.post_key = c.post_key
      AND o.origin <> 'visit' AND o.outcome = 'available' AND o.seen_at < c.by), '')) AS alive_at, c.by AS missing_at,
    EXISTS (SELECT 1 FROM changes g WHERE g.post_key = c.post_key AND g.change = 'gone' AND g.by >= c.by AND g.by < coalesce(
      (SELECT min(b.by) FROM changes b WHERE b.post_key = c.post_key AND b.change = 'came back' AND b.by > c.by), '9999')) AS confirmed,
    (SELECT min(b.by) FROM changes b WHERE b.post_key = c.post_key AND b.change = 'came back' AND b.by > c.by) AS back_at,
    c.articles
  FROM changes c JOIN posts p ON p.key = c.post_key WHERE c.change = 'missing';

-- One line a post that was ever seen or found gone: from when to when it was watched, and how that ended. `event` is gone where its
-- loss is believed, other where it turned private, refused … (`cause` says what), and NULL where it was there when last seen:
-- it went between `alive_at` (seen by us, or by others) and `missing_at`. `entered_at` is when we saw it alive first: NULL where it was
-- gone before we looked. `outlets` and `forms`
-- are lists with commas. `born_at` is the date that its id tells, or else the one that was read.
CREATE VIEW lifetimes AS
  SELECT p.key, p.platform, coalesce(d.author_handle,
      (SELECT e.author_handle FROM embeds e WHERE e.post_key = p.key AND e.author_handle IS NOT NULL ORDER BY e.id LIMIT 1)) AS handle,
    d.kind, coalesce(p.posted_at, d.posted_at) AS born_at,
    (SELECT min(k.checked_at) FROM checks k JOIN captures c ON c.id = k.capture_id LEFT JOIN crawls r ON r.id = c.crawl_id
     WHERE k.post_key = p.key AND k.outcome = 'available' AND r.clock_suspect IS NULL) AS entered_at,
    nullif(max(coalesce(n.last_available_at, ''), coalesce((SELECT max(o.seen_at) FROM captures o WHERE o.post_key = p.key
      AND o.origin <> 'visit' AND o.outcome = 'available' AND (n.status <> 'gone' OR o.seen_at < n.first_gone_at)), '')), '') AS alive_at,
    CASE WHEN n.status = 'gone' THEN n.first_gone_at
      WHEN n.status = 'unavailable' AND n.reason IS NOT 'unconfirmed' THEN
        (SELECT min(k.checked_at) FROM checks k WHERE k.post_key = p.key AND k.outcome = 'unavailable' AND k.reason IS n.reason
           AND k.checked_at > coalesce(n.last_available_at, '')) END AS missing_at,
    CASE WHEN n.status = 'gone' THEN 'gone'
      WHEN n.status = 'unavailable' AND n.reason IS NOT 'unconfirmed' THEN 'other' END AS event,
    CASE WHEN n.status IN ('gone', 'unavailable') THEN n.reason END AS cause,
    n.came_back_at,
    (SELECT count(*) FROM checks k WHERE k.post_key = p.key AND k.outcome IN ('available', 'gone', 'unavailable')) AS observations,
    (SELECT group_concat(DISTINCT a.outlet) FROM embeds e JOIN articles a ON a.id = e.article_id
     WHERE e.post_key = p.key AND e.kind = 'embed' AND a.outlet IS NOT NULL) AS outlets,
    (SELECT group_concat(DISTINCT e.form) FROM embeds e WHERE e.post_key = p.key AND e.kind = 'embed') AS forms,
    n.kept
  FROM conclusions n JOIN posts p ON p.key = n.post_key LEFT JOIN current_descriptions d ON d.capture_id = n.best_capture_id
  WHERE p.same_as IS NULL AND p.is_control = 0 AND (n.last_available_at IS NOT NULL OR n.status IN ('gone', 'unavailable'));

-- One line an article that embeds posts, as last read: how many of its embeds are holes. `known` are embeds of posts that were
-- seen or found missing, `gone` those whose loss is believed, `perhaps_gone` those whose loss is not confirmed, `not_seen` those of
-- posts that nobody has seen yet or that name no post.
CREATE VIEW holes AS
  SELECT e.article_id, e.article_url, e.outlet, a.published_at, count(*) AS embeds,
    sum(n.status IS NOT NULL AND n.status IN ('available', 'gone', 'unavailable')) AS known, sum(n.status IS 'gone') AS gone,
    sum(n.status IS 'gone' AND n.kept <> 'none') AS gone_but_kept,
    sum(n.status IS 'unavailable' AND n.reason IS 'unconfirmed') AS perhaps_gone,
    sum(n.status IS NULL OR n.status NOT IN ('available', 'gone', 'unavailable')) AS not_seen
  FROM current_embeds e JOIN articles a ON a.id = e.article_id LEFT JOIN conclusions n ON n.post_key = e.post_key
  WHERE e.kind = 'embed' GROUP BY e.article_id;

-- One line a post: by what people look for it. `author`, `lang`, `kind` and the date are as seen, else as the newest publisher's
-- markup that says any of them has it; '' where nobody says.
CREATE VIEW post_facets AS
  SELECT p.key AS post_key, p.platform, coalesce(n.status, iif(p.resolved, 'not captured', 'unresolved')) AS status,
    coalesce(n.kept, 'none') AS kept, coalesce(d.kind, '') AS kind,
    lower(coalesce(CASE WHEN substr(d.lang, 3, 1) IN ('', '-', '_') THEN substr(d.lang, 1, 2)
      WHEN substr(d.lang, 4, 1) IN ('', '-', '_') THEN substr(d.lang, 1, 3) ELSE d.lang END,
      CASE WHEN substr(e.lang, 3, 1) IN ('', '-', '_') THEN substr(e.lang, 1, 2)
      WHEN substr(e.lang, 4, 1) IN ('', '-', '_') THEN substr(e.lang, 1, 3) ELSE e.lang END, '')) AS lang,
    CASE WHEN substr(p.posted_at, 5, 1) = '-' AND p.posted_at BETWEEN '1000-01' AND '2999-2' THEN p.posted_at
      WHEN substr(d.posted_at, 5, 1) = '-' AND d.posted_at BETWEEN '1000-01' AND '2999-2' THEN d.posted_at
      WHEN substr(e.posted_at, 5, 1) = '-' AND e.posted_at BETWEEN '1000-01' AND '2999-2' THEN e.posted_at ELSE '' END AS posted_at,
    lower(coalesce(d.author_handle, d.author_name, e.author_handle, e.author_name, '')) AS author,
    iif(n.status = 'gone', coalesce(substr(n.first_gone_at, 1, 7), ''), '') AS lost_in
  FROM posts p LEFT JOIN conclusions n ON n.post_key = p.key
    LEFT JOIN descriptions d ON d.id = (SELECT x.id FROM descriptions x WHERE x.capture_id = n.best_capture_id
      ORDER BY x.rules DESC LIMIT 1)
    LEFT JOIN embeds e ON e.id = (SELECT max(x.id) FROM embeds x
      WHERE x.post_key = p.key AND coalesce(x.author_handle, x.author_name, x.lang, x.posted_at) IS NOT NULL)
  WHERE p.same_as IS NULL AND p.is_control = 0;

-- The same once more for each outlet that ever embedded it, and how often its articles do as last read: what the table browsing
-- is to hold.
CREATE VIEW browsable AS
  SELECT '' AS outlet, f.platform, f.status, f.kept, f.kind, f.lang, f.posted_at, f.post_key, f.author, f.lost_in,
    (SELECT count(*) FROM embeds e CROSS JOIN articles a ON a.id = e.article_id
     WHERE e.post_key = f.post_key AND e.kind = 'embed' AND coalesce(a.outlet, '') = '' AND e.fetch_id = (
       SELECT n.id FROM fetches n WHERE n.article_id = e.article_id AND n.searched_rules IS NOT NULL
       ORDER BY n.fetched_at DESC, n.id DESC LIMIT 1)) AS embeds
  FROM post_facets f
  UNION ALL
  SELECT a.outlet, f.platform, f.status, f.kept, f.kind, f.lang, f.posted_at, f.post_key, f.author, f.lost_in,
    sum(ifnull(e.fetch_id = (
      SELECT n.id FROM fetches n WHERE n.article_id = e.article_id AND n.searched_rules IS NOT NULL
      ORDER BY n.fetched_at DESC, n.id DESC LIMIT 1), 0)) AS embeds
  FROM post_facets f CROSS JOIN embeds e ON e.post_key = f.post_key CROSS JOIN articles a ON a.id = e.article_id
  WHERE e.kind = 'embed' AND a.outlet <> '' GROUP BY f.post_key, a.outlet;

-- The articles of each collection: named themselves, or by a seed of it.
CREATE VIEW collection_articles AS
  SELECT c.name, u.article_id FROM collections c CROSS JOIN article_urls u ON u.url = c.subject WHERE c.kind = 'article'
  UNION
  SELECT c.name, s.article_id FROM collections c CROSS JOIN seeds s ON s.origin = c.subject
  WHERE c.kind = 'seed' AND s.article_id IS NOT NULL;

-- The posts of each collection: named themselves, embedded in an article of it, or in one that a seed of it named.
CREATE VIEW collection_posts AS
  SELECT c.name, c.subject AS post_key FROM collections c WHERE c.kind = 'post'
  UNION
  SELECT c.name, e.post_key FROM collections c CROSS JOIN article_urls u ON u.url = c.subject CROSS JOIN embeds e ON e.article_id = u.article_id
  WHERE c.kind = 'article' AND e.kind = 'embed' AND e.post_key IS NOT NULL
  UNION
  SELECT c.name, e.post_key FROM collections c CROSS JOIN seeds s ON s.origin = c.subject CROSS JOIN embeds e ON e.article_id = s.article_id
  WHERE c.kind = 'seed' AND e.kind = 'embed' AND e.post_key IS NOT NULL;

-- Which copies that were handed out hold a post, or may: one that counts posts and names none is of all that were known by then.
CREATE VIEW exported_posts AS
  SELECT post_key, export_id FROM export_posts
  UNION ALL
  SELECT p.key, e.id FROM exports e JOIN posts p ON p.first_seen_at <= e.made_at
  WHERE e.posts > 0 AND NOT EXISTS (SELECT 1 FROM export_posts x WHERE x.export_id = e.id);

-- -------------------------------------------------------------------------------------------- what may be shared

-- The level of each subject that is not public at this moment: of its rules that hold now the newest counts; what was erased stays
-- so. What does not want to be archived is for staff.
CREATE VIEW access_now AS
  SELECT a.kind, a.subject, a.platform, a.level, a.withdrawal_id, a.decided_at,
    CASE a.level WHEN 'staff' THEN 1 WHEN 'sealed' THEN 2 ELSE 3 END AS strictness
  FROM access a WHERE a.level = 'erased' OR a.level <> 'public' AND a.id = (SELECT max(n.id) FROM access n
    WHERE n.kind = a.kind AND n.subject = a.subject AND n.platform IS a.platform AND n.from_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      AND (n.until_at IS NULL OR n.until_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
  UNION ALL
  SELECT o.kind, o.pattern, o.platform, 'staff', o.withdrawal_id, o.from_at, 1 FROM optouts o
  WHERE o.removed_at IS NULL AND o.from_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    AND (o.until_at IS NULL OR o.until_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- Articles that are not for everybody, by themselves or by their outlet. The strictest level holds: 1 staff, 2 sealed, 3 erased.
CREATE VIEW withheld_articles AS
  WITH RECURSIVE
    outlets(name) AS (  -- each once, by the index
      SELECT min(outlet) FROM articles WHERE EXISTS (SELECT 1 FROM access_now WHERE kind = 'host')
      UNION ALL SELECT (SELECT min(a.outlet) FROM articles a WHERE a.outlet > outlets.name) FROM outlets WHERE outlets.name IS NOT NULL),
    places(outlet, at) AS (  -- where a host above it may begin
      SELECT name, 1 FROM outlets WHERE name IS NOT NULL
      UNION ALL SELECT outlet, at + 1 FROM places WHERE at < length(outlet))
  SELECT id, max(strictness) AS strictness, withdrawal_id, decided_at FROM (
    SELECT a.id, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n CROSS JOIN articles a ON a.url = n.subject
    WHERE n.kind = 'article'
    UNION ALL
    SELECT a.id, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n CROSS JOIN articles a ON a.outlet = n.subject
    WHERE n.kind = 'outlet'
    UNION ALL
    SELECT a.id, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      JOIN places p ON n.subject = substr(p.outlet, p.at) AND (p.at = 1 OR substr(p.outlet, p.at - 1, 1) = '.')
      CROSS JOIN articles a ON a.outlet = p.outlet
    WHERE n.kind = 'host'
    UNION ALL
    SELECT a.id, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      CROSS JOIN json_each('["https://", "https://www.", "http://", "http://www."]') s
      CROSS JOIN articles a ON a.url >= s.value || n.subject AND a.url < s.value || n.subject || char(1114111)
    WHERE n.kind = 'prefix')
  GROUP BY id;

-- Posts that are not for everybody: named themselves, by their account (as seen, or as a publisher names it), by one beside their
-- author, by a picture that they show, or embedded in nothing but withheld articles; of an instance that does not want to be archived. Short links that name such a post are as it is.
CREATE VIEW withheld_posts AS
  WITH named AS MATERIALIZED (
    SELECT n.subject AS key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n WHERE n.kind = 'post'
    UNION ALL
    SELECT p.same_as, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n CROSS JOIN posts p ON p.key = n.subject
    WHERE n.kind = 'post' AND p.same_as IS NOT NULL
    UNION ALL
    SELECT d.post_key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      CROSS JOIN descriptions d ON d.author_handle = n.subject COLLATE NOCASE
      CROSS JOIN posts p ON p.key = d.post_key
    WHERE n.kind = 'account' AND (n.platform IS NULL OR n.platform = p.platform)
    UNION ALL
    SELECT e.post_key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      CROSS JOIN embeds e ON e.author_handle = n.subject COLLATE NOCASE
      CROSS JOIN posts p ON p.key = e.post_key
    WHERE n.kind = 'account' AND (n.platform IS NULL OR n.platform = p.platform)
    UNION ALL
    SELECT d.post_key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      CROSS JOIN descriptions d ON d.collaborators <> '[]'
      CROSS JOIN json_each(d.collaborators) j ON j.value COLLATE NOCASE IN (n.subject, '@' || n.subject)
      CROSS JOIN posts p ON p.key = d.post_key
    WHERE n.kind = 'account' AND (n.platform IS NULL OR n.platform = p.platform)
    UNION ALL
    SELECT c.post_key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n
      CROSS JOIN artifacts a ON a.sha256 = n.subject CROSS JOIN captures c ON c.id = a.capture_id
    WHERE n.kind = 'picture'
    UNION ALL
    SELECT p.key, n.strictness, n.withdrawal_id, n.decided_at FROM access_now n CROSS JOIN platforms f
      CROSS JOIN posts p ON p.key > f.name || ':' || n.subject || '/' AND p.key < f.name || ':' || n.subject || '0'
    WHERE n.kind = 'host' AND f.federated
    UNION ALL
    SELECT e.post_key, w.strictness, w.withdrawal_id, w.decided_at
    FROM withheld_articles w CROSS JOIN embeds e ON e.article_id = w.id
    WHERE e.post_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM embeds o
      WHERE o.post_key = e.post_key AND o.article_id NOT IN (SELECT id FROM withheld_articles)))
  SELECT key, max(strictness) AS strictness, withdrawal_id, decided_at FROM (
    SELECT key, strictness, withdrawal_id, decided_at FROM named
    UNION ALL
    SELECT p.key, n.strictness, n.withdrawal_id, n.decided_at FROM named n CROSS JOIN posts p ON p.same_as = n.key)
  GROUP BY key;

-- Posts that may be shown to everybody: what leaves an archive, in whatever form, is of these.
CREATE VIEW shareable_posts AS
  SELECT key, platform, native_id, url, posted_at FROM posts
  WHERE is_control = 0 AND key NOT IN (SELECT key FROM withheld_posts);
