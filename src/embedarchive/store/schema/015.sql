-- What others were asked about posts that are gone, and what they say they hold.

CREATE TABLE searches (                     -- one question about a post to one source: due, or the newest answer
  post_key  TEXT NOT NULL REFERENCES posts(key),
  source    TEXT NOT NULL,                  -- archive, files, wayback, articles, commoncrawl, cdn
  turn      INTEGER NOT NULL,               -- sources are asked in this order, and no more of them once the post is recovered
  crawl_id  INTEGER REFERENCES crawls(id),  -- the run that asks, or asked last
  due_at    TEXT,                           -- asked from then on; NULL: nothing due
  asked_at  TEXT,
  answer    TEXT,                           -- held, none, excluded, refused, error
  reason    TEXT,
  mementos  INTEGER NOT NULL DEFAULT 0,     -- how many it says that it holds
  requests  INTEGER NOT NULL DEFAULT 0,     -- how many that took
  rules     INTEGER,                        -- version of the platform's rules at the time: better rules ask again
  PRIMARY KEY (post_key, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX searches_due ON searches(crawl_id, turn, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE mementos (                     -- one thing that a source holds at an address of a post, and what it turned out to be
  id          INTEGER PRIMARY KEY,
  post_key    TEXT NOT NULL REFERENCES posts(key),
  source      TEXT NOT NULL,                -- as in searches
  crawl_id    INTEGER REFERENCES crawls(id), -- the run that found it
  url         TEXT NOT NULL,                -- the address as archived
  seen_at     TEXT NOT NULL,                -- when they saw it
  article_id  INTEGER REFERENCES articles(id), -- it is an older version of that article, which embeds the post; NULL: of the post
  status      INTEGER,                      -- as the index says; NULL: it does not
  mime        TEXT,
  digest      TEXT,
  place       TEXT NOT NULL,                -- where it is read: an address; or a file, an offset and a length
  tried_at    TEXT,                         -- NULL: not yet
  verdict     TEXT,                         -- recovered, claim, gone, wall, other page, unreadable, lost
  reason      TEXT,
  capture_id  INTEGER REFERENCES captures(id), -- what was kept of it
  UNIQUE (post_key, source, url, seen_at)
) STRICT;
CREATE INDEX mementos_untried ON mementos(crawl_id, post_key) WHERE tried_at IS NULL;
CREATE INDEX mementos_post ON mementos(post_key, seen_at);
CREATE INDEX mementos_capture ON mementos(capture_id) WHERE capture_id IS NOT NULL;
