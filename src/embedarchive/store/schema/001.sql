-- The archive: one SQLite file. Table names are the nouns; every time is ISO 8601 UTC text; every list is JSON text.

CREATE TABLE crawls (                       -- one run of a command that writes
  id           INTEGER PRIMARY KEY,
  command      TEXT NOT NULL,               -- crawl, capture, check
  started_at   TEXT NOT NULL,
  finished_at  TEXT,                        -- NULL while it runs, or if it was killed
  ended        TEXT,                        -- done, interrupted, failed
  version      TEXT NOT NULL,               -- of embedarchive
  options      TEXT NOT NULL DEFAULT '{}',
  render       INTEGER NOT NULL DEFAULT 0,  -- 1: articles are rendered in a browser before they are searched
  in_article   INTEGER NOT NULL DEFAULT 0,  -- 1: every post is photographed in its article too
  summary      TEXT
) STRICT;

CREATE TABLE blobs (                        -- bytes, once each, however many captures share them
  sha256   TEXT PRIMARY KEY,                -- of the bytes themselves, hex
  size     INTEGER NOT NULL,                -- of the bytes themselves
  encoding TEXT NOT NULL CHECK (encoding IN ('identity', 'zlib')),   -- how body is stored
  body     BLOB NOT NULL
) STRICT;

CREATE TABLE articles (                     -- a page that embeds posts, by canonical URL
  id            INTEGER PRIMARY KEY,
  url           TEXT NOT NULL UNIQUE,
  outlet        TEXT,                       -- the host, without www.
  title         TEXT,
  site_name     TEXT,                       -- as the page names itself
  lang          TEXT,
  published_at  TEXT,                       -- as the page claims
  first_seen_at TEXT NOT NULL,
  fetch_after   TEXT,                       -- due for fetching from then on; NULL: nothing due
  failures      INTEGER NOT NULL DEFAULT 0  -- in a row
) STRICT;
CREATE INDEX articles_outlet ON articles(outlet, coalesce(published_at, first_seen_at));
CREATE INDEX articles_due ON articles(fetch_after) WHERE fetch_after IS NOT NULL;

CREATE TABLE article_urls (                 -- every address that led to an article: AMP, print, tracking and redirect variants
  url        TEXT PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES articles(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_urls_article ON article_urls(article_id);

CREATE TABLE seeds (                        -- which articles a crawl is about
  crawl_id   INTEGER NOT NULL REFERENCES crawls(id),
  article_id INTEGER NOT NULL REFERENCES articles(id),
  origin     TEXT NOT NULL,                 -- what named it: the argument, a list, a sitemap, a feed, the page that links to it
  depth      INTEGER NOT NULL DEFAULT 0,    -- links from what the user named
  followed   INTEGER NOT NULL DEFAULT 0,    -- 1: its own links were looked at
  outlet     TEXT NOT NULL DEFAULT '',      -- the article's: outlets take turns
  fetch_after TEXT,                         -- due for fetching in this run from then on; NULL: nothing due
  PRIMARY KEY (crawl_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seeds_article ON seeds(article_id);
CREATE INDEX seeds_due ON seeds(crawl_id, outlet, fetch_after) WHERE fetch_after IS NOT NULL;
CREATE INDEX seeds_unfollowed ON seeds(crawl_id, depth) WHERE followed = 0 AND fetch_after IS NULL;

CREATE TABLE listings (                     -- addresses that are no articles but lists of them: sitemaps, feeds
  url       TEXT PRIMARY KEY,
  kind      TEXT NOT NULL,                  -- sitemap, sitemap_index, feed
  read_at   TEXT NOT NULL,
  entries   INTEGER NOT NULL,
  truncated TEXT                            -- why these are not all
) STRICT, WITHOUT ROWID;

CREATE TABLE fetches (                      -- one download of an article
  id             INTEGER PRIMARY KEY,
  article_id     INTEGER NOT NULL REFERENCES articles(id),
  crawl_id       INTEGER REFERENCES crawls(id),
  url            TEXT NOT NULL,             -- as asked
  final_url      TEXT NOT NULL,             -- after redirects
  fetched_at     TEXT NOT NULL,
  outcome        TEXT NOT NULL CHECK (outcome IN ('ok', 'unchanged', 'failed')),
  reason         TEXT,
  status         INTEGER,
  content_type   TEXT,
  headers        TEXT NOT NULL DEFAULT '[]',
  redirects      TEXT NOT NULL DEFAULT '[]',
  remote_address TEXT,
  elapsed_ms     INTEGER NOT NULL DEFAULT 0,
  html_sha256    TEXT REFERENCES blobs(sha256),   -- as served, before any script
  truncated      TEXT,                      -- why the bytes are not the whole
  source         TEXT NOT NULL,             -- network, or the file or web archive it was read from
  to_render      INTEGER NOT NULL DEFAULT 0, -- 1: a browser is to run its scripts before it is searched
  rendered_at    TEXT,
  render_reason  TEXT,                      -- why there is no rendered DOM, or not the whole
  dom_sha256     TEXT REFERENCES blobs(sha256),   -- as rendered, one text with its shadow roots and same-origin frames
  alterations    TEXT NOT NULL DEFAULT '[]', -- what we did to the rendered page, in order
  screenshot_sha256 TEXT REFERENCES blobs(sha256), -- the whole page, with its embeds in place
  searched_rules INTEGER,                   -- version of the finder that searched it; NULL: not searched yet
  search_note    TEXT                       -- why the search is incomplete, if it is
) STRICT;
CREATE INDEX fetches_article ON fetches(article_id, fetched_at, searched_rules);
CREATE INDEX fetches_unrendered ON fetches(to_render) WHERE to_render = 1;
CREATE INDEX fetches_unsearched ON fetches(coalesce(searched_rules, 0))
  WHERE outcome = 'ok' AND html_sha256 IS NOT NULL AND to_render = 0;

CREATE TABLE posts (                        -- identity only
  key           TEXT PRIMARY KEY,           -- platform:native_id
  platform      TEXT NOT NULL,
  native_id     TEXT NOT NULL,
  url           TEXT NOT NULL,              -- canonical
  posted_at     TEXT,                       -- derived from the id, so it outlives the post
  resolved      INTEGER NOT NULL DEFAULT 1, -- 0: a short link whose target is not known yet
  same_as       TEXT REFERENCES posts(key), -- the post a short link turned out to name
  first_seen_at TEXT NOT NULL,
  capture_after TEXT                        -- due for a visit from then on; NULL: a visit has answered for good
) STRICT;
CREATE INDEX posts_native ON posts(native_id);
CREATE INDEX posts_platform ON posts(platform);
CREATE INDEX posts_due ON posts(capture_after) WHERE capture_after IS NOT NULL;
CREATE INDEX posts_same_as ON posts(same_as) WHERE same_as IS NOT NULL;

CREATE TABLE targets (                      -- which posts a run is to visit
  crawl_id INTEGER NOT NULL REFERENCES crawls(id),
  post_key TEXT NOT NULL REFERENCES posts(key),
  turn     TEXT NOT NULL,                   -- its platform, or 'link' for a short link to follow: they take turns
  forced   INTEGER NOT NULL DEFAULT 0,      -- 1: also if nothing is due (a check, a second capture)
  visited  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (crawl_id, post_key)
) STRICT;
CREATE INDEX targets_open ON targets(crawl_id, turn) WHERE visited = 0;

CREATE TABLE placements (                   -- which posts a run is to photograph in the article that embeds them
  crawl_id INTEGER NOT NULL REFERENCES crawls(id),
  fetch_id INTEGER NOT NULL REFERENCES fetches(id),
  post_key TEXT NOT NULL REFERENCES posts(key),
  tried    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (crawl_id, fetch_id, post_key)
) STRICT;
CREATE INDEX placements_open ON placements(crawl_id, fetch_id) WHERE tried = 0;

CREATE TABLE embeds (                       -- one appearance of a post in one fetch of an article, and what the publisher says of it
  id            INTEGER PRIMARY KEY,
  fetch_id      INTEGER NOT NULL REFERENCES fetches(id),
  article_id    INTEGER NOT NULL REFERENCES articles(id),
  position      INTEGER NOT NULL,           -- from 1, in reading order
  kind          TEXT NOT NULL CHECK (kind IN ('embed', 'mention', 'unknown')),
  platform      TEXT,
  post_key      TEXT REFERENCES posts(key), -- NULL: the markup names no post
  url           TEXT,
  form          TEXT NOT NULL,              -- how the markup carries it
  layer         TEXT NOT NULL,              -- which part of the finder saw it
  rule          TEXT NOT NULL,
  snippet       TEXT NOT NULL,              -- the raw markup
  seen_in       TEXT NOT NULL CHECK (seen_in IN ('html', 'dom', 'both')),  -- as served, as rendered
  author_name   TEXT,                       -- from here on: the publisher's claim
  author_handle TEXT,
  text          TEXT,
  posted_at     TEXT,
  lang          TEXT,
  UNIQUE (fetch_id, position)
) STRICT;
CREATE INDEX embeds_post ON embeds(post_key);
CREATE INDEX embeds_article ON embeds(article_id);
CREATE INDEX embeds_handle ON embeds(author_handle COLLATE NOCASE);

CREATE TABLE captures (                     -- one visit to one post; never changed
  id          INTEGER PRIMARY KEY,
  post_key    TEXT NOT NULL REFERENCES posts(key),
  crawl_id    INTEGER REFERENCES crawls(id),
  fetch_id    INTEGER REFERENCES fetches(id),  -- photographed in that article; NULL: visited by itself
  outcome     TEXT NOT NULL CHECK (outcome IN ('available', 'gone', 'unavailable', 'blocked', 'error')),
  reason      TEXT,
  evidence    TEXT NOT NULL,                -- the signs the outcome rests on
  visit_url   TEXT NOT NULL,
  final_url   TEXT NOT NULL,
  status      INTEGER,
  started_at  TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  missing     TEXT NOT NULL DEFAULT '[]',   -- what the post has and could not be kept
  alterations TEXT NOT NULL DEFAULT '[]',   -- what we did to the page, in order
  environment TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX captures_post ON captures(post_key, started_at);
CREATE INDEX captures_in_place ON captures(fetch_id, post_key) WHERE fetch_id IS NOT NULL;
CREATE INDEX captures_outcome ON captures(outcome, started_at);
CREATE INDEX captures_started ON captures(started_at);

CREATE TABLE artifacts (                    -- bytes of a capture, with a role
  id           INTEGER PRIMARY KEY,
  capture_id   INTEGER NOT NULL REFERENCES captures(id),
  role         TEXT NOT NULL CHECK (role IN ('screenshot', 'dom', 'media', 'poster', 'avatar', 'thumbnail')),
  position     INTEGER NOT NULL DEFAULT 0,  -- slides count from 1
  sha256       TEXT NOT NULL REFERENCES blobs(sha256),
  content_type TEXT NOT NULL,
  size         INTEGER NOT NULL,
  url          TEXT,
  width        INTEGER,
  height       INTEGER,
  alt          TEXT,
  truncated    TEXT,
  dhash        INTEGER,                     -- of a picture: 64 bits that change little when it is scaled or compressed anew
  UNIQUE (capture_id, role, position)
) STRICT;
CREATE INDEX artifacts_sha256 ON artifacts(sha256);
-- By each quarter of the hash: of two hashes that differ in at most 7 bits, one quarter differs in at most one.
CREATE INDEX artifacts_dhash_1 ON artifacts(dhash & 65535) WHERE dhash IS NOT NULL;
CREATE INDEX artifacts_dhash_2 ON artifacts(dhash >> 16 & 65535) WHERE dhash IS NOT NULL;
CREATE INDEX artifacts_dhash_3 ON artifacts(dhash >> 32 & 65535) WHERE dhash IS NOT NULL;
CREATE INDEX artifacts_dhash_4 ON artifacts(dhash >> 48 & 65535) WHERE dhash IS NOT NULL;

CREATE TABLE exchanges (                    -- one HTTP request and response seen while capturing, secrets redacted
  id               INTEGER PRIMARY KEY,
  capture_id       INTEGER NOT NULL REFERENCES captures(id),
  position         INTEGER NOT NULL,
  url              TEXT NOT NULL,
  method           TEXT NOT NULL,
  status           INTEGER,
  resource_type    TEXT NOT NULL,           -- document, image, script … or probe:NAME
  content_type     TEXT,
  request_headers  TEXT NOT NULL DEFAULT '[]',
  response_headers TEXT NOT NULL DEFAULT '[]',
  body_sha256      TEXT REFERENCES blobs(sha256),
  remote_address   TEXT,
  started_at       TEXT NOT NULL,
  elapsed_ms       INTEGER NOT NULL DEFAULT 0,
  truncated        TEXT,
  error            TEXT,
  UNIQUE (capture_id, position)
) STRICT;
CREATE INDEX exchanges_body ON exchanges(body_sha256);

CREATE TABLE descriptions (                 -- what the post said, read from one capture; made anew when a rule improves
  id               INTEGER PRIMARY KEY,
  capture_id       INTEGER NOT NULL REFERENCES captures(id),
  post_key         TEXT NOT NULL REFERENCES posts(key),
  rules            INTEGER NOT NULL,        -- version of the platform's rules
  described_at     TEXT NOT NULL,
  kind             TEXT,
  author_name      TEXT,
  author_handle    TEXT,
  author_url       TEXT,
  author_verified  INTEGER,
  author_followers INTEGER,
  collaborators    TEXT NOT NULL DEFAULT '[]',
  title            TEXT,
  text             TEXT,
  text_html        TEXT,                    -- links and line breaks only
  alt_text         TEXT,
  lang             TEXT,
  posted_at        TEXT,
  likes            INTEGER,
  comments         INTEGER,
  shares           INTEGER,
  views            INTEGER,
  audio            TEXT,
  location         TEXT,
  sensitive        INTEGER,                 -- 1: the platform or the author marks it as not for every eye
  quoted_url       TEXT,
  media            TEXT NOT NULL DEFAULT '[]',
  sources          TEXT NOT NULL DEFAULT '{}',   -- field -> where it was read
  UNIQUE (capture_id, rules)
) STRICT;
CREATE INDEX descriptions_post ON descriptions(post_key);
CREATE INDEX descriptions_handle ON descriptions(author_handle COLLATE NOCASE);

CREATE TABLE checks (                       -- one liveness observation; its capture holds the evidence
  id         INTEGER PRIMARY KEY,
  post_key   TEXT NOT NULL REFERENCES posts(key),
  capture_id INTEGER NOT NULL UNIQUE REFERENCES captures(id),
  checked_at TEXT NOT NULL,
  outcome    TEXT NOT NULL CHECK (outcome IN ('available', 'gone', 'unavailable', 'blocked', 'error')),
  reason     TEXT
) STRICT;
CREATE INDEX checks_post ON checks(post_key, checked_at, outcome);

CREATE TABLE pending (                      -- what is still to be made of captures
  work       TEXT NOT NULL CHECK (work IN ('describe', 'replay')),
  capture_id INTEGER NOT NULL REFERENCES captures(id),
  PRIMARY KEY (work, capture_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE platforms (                    -- what this version of embedarchive knows; rewritten when it opens the archive
  name      TEXT PRIMARY KEY,
  title     TEXT NOT NULL,
  rules     INTEGER,                        -- version of the describing rules; NULL: cannot be visited yet
  visitable INTEGER NOT NULL
) STRICT;

CREATE TABLE redactions (                   -- what was withdrawn on purpose: the only way bytes ever leave
  sha256     TEXT PRIMARY KEY,
  size       INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  redacted_at TEXT NOT NULL
) STRICT;

CREATE TABLE replays (                      -- one showing of a capture from the archive alone, the network shut
  id             INTEGER PRIMARY KEY,
  capture_id     INTEGER NOT NULL REFERENCES captures(id),
  checked_at     TEXT NOT NULL,
  score          REAL NOT NULL,             -- 0 to 1: how much of what was seen came back
  distance       REAL,                      -- share of the screenshot that looks different
  text_found     REAL,                      -- share of the post's words on show
  media_found    INTEGER NOT NULL,          -- files held whole, and pictures drawn
  media_expected INTEGER NOT NULL,
  note           TEXT                       -- what went wrong
) STRICT;
CREATE INDEX replays_capture ON replays(capture_id, checked_at);

-- What was observed stays as it was observed.
CREATE TRIGGER captures_no_update  BEFORE UPDATE ON captures  BEGIN SELECT RAISE(ABORT, 'captures are append-only'); END;
CREATE TRIGGER captures_no_delete  BEFORE DELETE ON captures  BEGIN SELECT RAISE(ABORT, 'captures are append-only'); END;
CREATE TRIGGER artifacts_no_update BEFORE UPDATE ON artifacts BEGIN SELECT RAISE(ABORT, 'artifacts are append-only'); END;
CREATE TRIGGER artifacts_no_delete BEFORE DELETE ON artifacts BEGIN SELECT RAISE(ABORT, 'artifacts are append-only'); END;
CREATE TRIGGER exchanges_no_update BEFORE UPDATE ON exchanges BEGIN SELECT RAISE(ABORT, 'exchanges are append-only'); END;
CREATE TRIGGER exchanges_no_delete BEFORE DELETE ON exchanges BEGIN SELECT RAISE(ABORT, 'exchanges are append-only'); END;
CREATE TRIGGER checks_no_update    BEFORE UPDATE ON checks    BEGIN SELECT RAISE(ABORT, 'checks are append-only'); END;
CREATE TRIGGER checks_no_delete    BEFORE DELETE ON checks    BEGIN SELECT RAISE(ABORT, 'checks are append-only'); END;
CREATE TRIGGER replays_no_update   BEFORE UPDATE ON replays   BEGIN SELECT RAISE(ABORT, 'replays are append-only'); END;
CREATE TRIGGER replays_no_delete   BEFORE DELETE ON replays   BEGIN SELECT RAISE(ABORT, 'replays are append-only'); END;
CREATE TRIGGER blobs_no_delete     BEFORE DELETE ON blobs     BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER blobs_no_update     BEFORE UPDATE ON blobs
  WHEN NOT (NEW.sha256 = OLD.sha256 AND length(NEW.body) = 0
            AND EXISTS (SELECT 1 FROM redactions WHERE sha256 = OLD.sha256))
  BEGIN SELECT RAISE(ABORT, 'blobs are append-only, except to redact'); END;

-- Full text: over what the posts said, what the publishers said of them, and the articles' titles. Filled by the writer and not
-- by triggers: SQLite lets no trigger write to FTS5 while the schema is untrusted, and ours stays untrusted.
CREATE VIRTUAL TABLE descriptions_fts USING fts5(
  author_name, author_handle, title, text, alt_text,
  content="descriptions", content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE embeds_fts USING fts5(
  author_name, author_handle, text, content="embeds", content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE articles_fts USING fts5(
  title, site_name, content="articles", content_rowid='id', tokenize='unicode61 remove_diacritics 2');

-- The same texts by threes of their characters, for fragments, scripts without spaces and misspelt words (grams.py makes them,
-- and the writer fills these): which rows, not where in them, at a twentieth of the archive's size.
CREATE VIRTUAL TABLE descriptions_grams USING fts5(grams, content='', detail=none, tokenize="ascii tokenchars '_'");
CREATE VIRTUAL TABLE embeds_grams USING fts5(grams, content='', detail=none, tokenize="ascii tokenchars '_'");
CREATE VIRTUAL TABLE articles_grams USING fts5(grams, content='', detail=none, tokenize="ascii tokenchars '_'");
