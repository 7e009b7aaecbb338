-- Conclusions: what may be said of a post, made from captures, checks and holds, and made anew whenever those or our rules change.

CREATE TABLE holds (                        -- from when to when nothing of a platform counts as gone; never changed but to be released
  id          INTEGER PRIMARY KEY,
  platform    TEXT NOT NULL,
  host        TEXT,                         -- of a federated platform: the one instance it is about
  since       TEXT NOT NULL,
  until       TEXT,                         -- NULL: until it is released
  why         TEXT NOT NULL,                -- control failed, many at once
  crawl_id    INTEGER REFERENCES crawls(id),
  released_at TEXT,
  released_by TEXT                          -- control: a living post was seen again; or who looked into it
) STRICT;
CREATE INDEX holds_open ON holds(platform, host) WHERE released_at IS NULL;
CREATE TRIGGER holds_no_update BEFORE UPDATE ON holds
  WHEN NOT (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND NEW.id = OLD.id AND NEW.platform = OLD.platform
            AND NEW.host IS OLD.host AND NEW.since = OLD.since AND NEW.until IS OLD.until AND NEW.why = OLD.why)
  BEGIN SELECT RAISE(ABORT, 'holds are append-only, except to release'); END;
CREATE TRIGGER holds_no_delete BEFORE DELETE ON holds BEGIN SELECT RAISE(ABORT, 'holds are append-only'); END;

CREATE TABLE conclusions (                  -- where each visited post stands; derived, and made anew from observations
  post_key          TEXT PRIMARY KEY REFERENCES posts(key),
  status            TEXT NOT NULL,          -- the newest answer about the post itself; block pages and faults say nothing of it
  reason            TEXT,
  doubt             TEXT,                   -- why an answer that it is gone is not believed yet: no control, second day, held: …
  last_checked_at   TEXT,
  last_available_at TEXT,
  first_gone_at     TEXT,                   -- the first believed answer that it is gone, since it was last seen
  confirmed_at      TEXT,                   -- the answer with which that was believed
  came_back_at      TEXT,                   -- when it was seen again after it had been gone
  embedding         TEXT,                   -- whether articles may show it: allowed, refused; NULL: not known
  kept              TEXT NOT NULL,          -- whole, partial, none: what we hold of it
  expected          INTEGER NOT NULL,       -- how many files the post consists of
  held              INTEGER NOT NULL,       -- how many of them we hold
  lacking           TEXT NOT NULL,          -- the others: position, why, whether another visit may bring it
  joined            TEXT NOT NULL,          -- position -> capture: files that another capture of the same post lends to the best
  passing           INTEGER NOT NULL,       -- 1: something may still be had
  best_capture_id   INTEGER REFERENCES captures(id),
  visits            INTEGER NOT NULL,
  due_at            TEXT                    -- when this makes the post due again; NULL: it does not
) STRICT, WITHOUT ROWID;
CREATE INDEX conclusions_status ON conclusions(status, first_gone_at);
CREATE INDEX conclusions_passing ON conclusions(due_at) WHERE passing = 1;

CREATE TABLE post_counts (                  -- how many visited posts of a platform stand how, kept along with the conclusions
  platform TEXT NOT NULL,
  status   TEXT NOT NULL,
  kept     TEXT NOT NULL,
  posts    INTEGER NOT NULL,
  PRIMARY KEY (platform, status, kept)
) STRICT, WITHOUT ROWID;

ALTER TABLE platforms ADD COLUMN federated INTEGER NOT NULL DEFAULT 0; -- 1: many instances, each of which answers for its own posts
ALTER TABLE platforms ADD COLUMN denial TEXT NOT NULL DEFAULT 'guess'; -- how its answer that a post is gone is known: verified, reported, guess
ALTER TABLE posts ADD COLUMN is_control INTEGER NOT NULL DEFAULT 0; -- 1: no article's post, known only as a control of its platform

INSERT OR IGNORE INTO pending SELECT 'conclude', id FROM captures;
