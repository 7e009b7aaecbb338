-- Watching: when each post that was seen is observed next and why, what changed of it, who was told, and what a day may cost.

CREATE TABLE schedule (                     -- when each visited post is observed next; derived, and made anew with its conclusion
  post_key      TEXT PRIMARY KEY REFERENCES posts(key),
  platform      TEXT NOT NULL,
  account       TEXT,                       -- platform and name of who posted it: losses come in flocks
  observe_after TEXT NOT NULL,
  observe_why   TEXT NOT NULL,              -- age, often embedded, account, confirm, wall, gone: why then
  articles      INTEGER NOT NULL,           -- that embed it
  chance        REAL NOT NULL,              -- of its loss, a day, as it was when last seen
  last_seen_at  TEXT                        -- when it was last seen alive; NULL: it is not among the living
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule(platform, observe_after);
CREATE INDEX schedule_account ON schedule(account) WHERE account IS NOT NULL;

CREATE TABLE changes (                      -- one passage of a post from one standing to another; derived, and made anew with its conclusion
  id           TEXT PRIMARY KEY,            -- the same whenever and wherever it is derived: 128 bits in hex
  post_key     TEXT NOT NULL REFERENCES posts(key),
  change       TEXT NOT NULL,               -- missing, gone (confirmed by a second day), private, unavailable, embedding refused, embedding allowed, came back, edited
  after        TEXT,                        -- the last observation before it; it happened later than that
  by           TEXT NOT NULL,               -- the first observation after it; it had happened by then
  capture_before TEXT,                      -- uid of the capture that is the former
  capture_by   TEXT NOT NULL,               -- uid of the capture that is the latter
  articles     INTEGER NOT NULL             -- that embedded the post at that moment
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_post ON changes(post_key, by);
CREATE INDEX changes_by ON changes(by);

CREATE TABLE deliveries (                   -- one change told to one channel; at least once, with the change's id for those who ask for once
  change_id    TEXT NOT NULL,               -- no reference: what was told stays told when changes are made anew
  channel      TEXT NOT NULL,               -- feed: the reading room's page and feeds; or the host of a webhook and a hash of its address
  noted_at     TEXT NOT NULL,               -- when the change was first there to be told
  due_at       TEXT,                        -- when it is tried next; NULL: it is delivered, or given up
  tried        INTEGER NOT NULL DEFAULT 0,
  delivered_at TEXT,
  answer       TEXT,                        -- the last one
  PRIMARY KEY (channel, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_noted ON deliveries(channel, noted_at);
CREATE INDEX deliveries_change ON deliveries(change_id);

CREATE TABLE budgets (                      -- how many observations a platform may cost on one day (UTC), counted before each
  scope   TEXT NOT NULL,                    -- a platform; or an account of it, whose other posts are brought forward
  day     TEXT NOT NULL,
  allowed INTEGER NOT NULL,
  used    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE pacing (                       -- how often a platform's posts are observed, as solved from its budget
  platform  TEXT PRIMARY KEY,
  per_day   INTEGER NOT NULL,               -- its budget
  pace      REAL NOT NULL,                  -- an interval in days is this by the root of (chance of a loss a day, times articles)
  longest_d REAL NOT NULL,                  -- no interval is longer, in days
  factor    REAL NOT NULL DEFAULT 1,        -- by which this archive's own losses are more than the table of chances says
  solved_on TEXT NOT NULL                   -- the day, UTC
) STRICT, WITHOUT ROWID;

ALTER TABLE articles ADD COLUMN reread_after TEXT; -- private: when a watch reads it again; NULL: never, or a run has not read it since there are watches
CREATE INDEX articles_reread ON articles(reread_after) WHERE reread_after IS NOT NULL;

UPDATE articles SET reread_after = (SELECT max(fetched_at) FROM fetches f WHERE f.article_id = articles.id AND f.source = 'network');
INSERT OR IGNORE INTO pending SELECT 'conclude', max(id) FROM captures WHERE purpose <> 'control' GROUP BY post_key;
