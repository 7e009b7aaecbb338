-- Whose a capture is and what for, whatever archive it is in; notes; and no list of words that only a new table could change.

ALTER TABLE captures ADD COLUMN uid TEXT; -- the same in every archive that holds it: 128 bits in hex, made of post, start and first document
ALTER TABLE captures ADD COLUMN origin TEXT NOT NULL DEFAULT 'visit'; -- whose observation: visit, ours; memento, a web archive's; import, of a file we were given
ALTER TABLE captures ADD COLUMN purpose TEXT NOT NULL DEFAULT 'post'; -- what for: post; check, whether it is still there; control, whether its platform answers at all
ALTER TABLE captures ADD COLUMN seen_at TEXT; -- when the post looked so; `started_at` is when we asked
ALTER TABLE checks ADD COLUMN embedding TEXT; -- whether the platform lets articles show the post: allowed, refused; NULL: not known

-- Kept before captures had these. Two visits of one post in one millisecond, with one document, are told apart by their number.
DROP TRIGGER captures_no_update;
UPDATE captures SET
  seen_at = started_at,
  purpose = iif(EXISTS (SELECT 1 FROM crawls r WHERE r.id = captures.crawl_id AND r.command = 'check'), 'check', 'post'),
  uid = capture_uid(post_key, started_at, coalesce(
    (SELECT x.body_sha256 FROM exchanges x WHERE x.capture_id = captures.id AND x.resource_type = 'document'
       AND x.body_sha256 IS NOT NULL ORDER BY x.position LIMIT 1),
    (SELECT a.sha256 FROM artifacts a WHERE a.capture_id = captures.id AND a.role = 'dom' ORDER BY a.position LIMIT 1),
    '') || iif(EXISTS (SELECT 1 FROM captures o WHERE o.post_key = captures.post_key
                         AND o.started_at = captures.started_at AND o.id < captures.id), '#' || id, ''));
CREATE TRIGGER captures_no_update BEFORE UPDATE ON captures BEGIN SELECT RAISE(ABORT, 'captures are append-only'); END;
CREATE UNIQUE INDEX captures_uid ON captures(uid);

DROP TRIGGER checks_no_update;
UPDATE checks SET embedding = 'refused' WHERE reason = 'embed_refused';
CREATE TRIGGER checks_no_update BEFORE UPDATE ON checks BEGIN SELECT RAISE(ABORT, 'checks are append-only'); END;

-- Which words a column may hold is said in words.py. A CHECK could be changed only by writing its table anew, bytes of all posts
-- included; to take it away changes no row, so it is done as https://www.sqlite.org/lang_altertable.html#otheralter says.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (encoding IN (''identity'', ''zlib''))', '') WHERE name = 'blobs';
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (outcome IN (''ok'', ''unchanged'', ''failed''))', '') WHERE name = 'fetches';
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (kind IN (''embed'', ''mention'', ''unknown''))', '') WHERE name = 'embeds';
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (seen_in IN (''html'', ''dom'', ''both''))', '') WHERE name = 'embeds';
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (outcome IN (''available'', ''gone'', ''unavailable'', ''blocked'', ''error''))', '') WHERE name IN ('captures', 'checks');
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (role IN (''screenshot'', ''dom'', ''media'', ''poster'', ''avatar'', ''thumbnail''))', '') WHERE name = 'artifacts';
UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (work IN (''describe'', ''replay''))', '') WHERE name = 'pending';
PRAGMA writable_schema = RESET;

CREATE TABLE notes (                        -- what somebody said of a post, an article, a run …; the newest of a name counts
  id           INTEGER PRIMARY KEY,
  subject_kind TEXT NOT NULL,               -- which table it is about: posts, articles, captures, crawls and so on
  subject      TEXT NOT NULL,               -- its key there
  name         TEXT NOT NULL,
  value        TEXT,
  by           TEXT NOT NULL,               -- a person, or the program with its version
  at           TEXT NOT NULL
) STRICT;
CREATE INDEX notes_subject ON notes(subject_kind, subject, name, at);

-- Until here an archive's views bore no sign of being ours.
DROP VIEW IF EXISTS articles_to_fetch;
DROP VIEW IF EXISTS fetches_to_render;
DROP VIEW IF EXISTS fetches_to_search;
DROP VIEW IF EXISTS posts_to_capture;
DROP VIEW IF EXISTS targets_to_visit;
DROP VIEW IF EXISTS embeds_to_place;
DROP VIEW IF EXISTS articles_to_open;
DROP VIEW IF EXISTS captures_to_describe;
DROP VIEW IF EXISTS captures_to_replay;
DROP VIEW IF EXISTS posts_to_check;
DROP VIEW IF EXISTS current_descriptions;
DROP VIEW IF EXISTS post_status;
DROP VIEW IF EXISTS preserved_posts;
DROP VIEW IF EXISTS lost_posts;
DROP VIEW IF EXISTS current_embeds;
DROP VIEW IF EXISTS embeds_by_outlet;
DROP VIEW IF EXISTS post_history;
DROP VIEW IF EXISTS embed_history;
