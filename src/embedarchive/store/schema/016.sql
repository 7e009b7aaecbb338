-- Figures that cost the same in an archive of any size: kept along with what they count.

ALTER TABLE browsing ADD COLUMN embeds INTEGER NOT NULL DEFAULT 0; -- public: how often the outlet's articles embed it as last read; in the row of outlet '' those of no outlet

CREATE TABLE totals (                       -- how many there are of what
  what   TEXT NOT NULL,                     -- articles (by outlet), captures, blobs, replayed, to replay; platform, state (status/kept), kind, lang, month, lost_in: posts of each
  value  TEXT NOT NULL,                     -- '' where it is not known, or where there is only one
  number INTEGER NOT NULL,
  PRIMARY KEY (what, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX totals_empty ON totals(what) WHERE number = 0;

CREATE TABLE outlet_figures (               -- the rows of embeds_by_outlet, kept; articles of no outlet under ''
  outlet           TEXT PRIMARY KEY,
  articles         INTEGER NOT NULL DEFAULT 0,  -- that embed anything, as last read
  embeds           INTEGER NOT NULL DEFAULT 0,
  unresolved       INTEGER NOT NULL DEFAULT 0,  -- embeds that name no post
  posts            INTEGER NOT NULL DEFAULT 0,
  gone             INTEGER NOT NULL DEFAULT 0,
  gone_but_kept    INTEGER NOT NULL DEFAULT 0,
  preserved        INTEGER NOT NULL DEFAULT 0,
  partly_preserved INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX outlet_figures_most ON outlet_figures(embeds);

CREATE TABLE article_figures (              -- how much each article embeds as last read, as it is counted for its outlet
  article_id INTEGER PRIMARY KEY,
  outlet     TEXT NOT NULL,
  embeds     INTEGER NOT NULL,
  unresolved INTEGER NOT NULL
) STRICT;

CREATE TABLE article_figures_due (          -- articles that are to be counted anew
  article_id INTEGER PRIMARY KEY
) STRICT;

CREATE INDEX conclusions_unconfirmed ON conclusions(status, reason) WHERE status = 'unavailable' AND reason = 'unconfirmed';

INSERT INTO totals SELECT 'articles', coalesce(outlet, ''), count(*) FROM articles GROUP BY 2;
INSERT INTO totals SELECT 'captures', '', count(*) FROM captures WHERE purpose <> 'control';
INSERT INTO totals SELECT 'blobs', '', count(*) FROM blobs;
INSERT INTO totals SELECT 'replayed', '', count(DISTINCT capture_id) FROM replays;
INSERT INTO totals SELECT 'to replay', '', count(*) FROM pending WHERE work IN ('replay', 'replay later');
INSERT INTO totals SELECT 'platform', platform, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY platform;
INSERT INTO totals SELECT 'state', status || '/' || kept, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY status, kept;
INSERT INTO totals SELECT 'kind', kind, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY kind;
INSERT INTO totals SELECT 'lang', lang, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY lang;
INSERT INTO totals SELECT 'month', month, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY month;
INSERT INTO totals SELECT 'lost_in', lost_in, sum(posts) FROM browsing_counts WHERE outlet = '' GROUP BY lost_in;

CREATE TRIGGER totals_new_article AFTER INSERT ON articles BEGIN
  INSERT INTO totals SELECT 'articles', coalesce(NEW.outlet, ''), 0
    WHERE NOT EXISTS (SELECT 1 FROM totals WHERE what = 'articles' AND value = coalesce(NEW.outlet, ''));
  UPDATE totals SET number = number + 1 WHERE what = 'articles' AND value = coalesce(NEW.outlet, '');
END;
CREATE TRIGGER totals_article AFTER UPDATE OF outlet ON articles WHEN NEW.outlet IS NOT OLD.outlet BEGIN
  UPDATE totals SET number = number - 1 WHERE what = 'articles' AND value = coalesce(OLD.outlet, '');
  INSERT INTO totals SELECT 'articles', coalesce(NEW.outlet, ''), 0
    WHERE NOT EXISTS (SELECT 1 FROM totals WHERE what = 'articles' AND value = coalesce(NEW.outlet, ''));
  UPDATE totals SET number = number + 1 WHERE what = 'articles' AND value = coalesce(NEW.outlet, '');
  INSERT OR IGNORE INTO article_figures_due VALUES (NEW.id);
END;
CREATE TRIGGER totals_no_article AFTER DELETE ON articles BEGIN
  UPDATE totals SET number = number - 1 WHERE what = 'articles' AND value = coalesce(OLD.outlet, '');
  INSERT OR IGNORE INTO article_figures_due VALUES (OLD.id);
END;
CREATE TRIGGER totals_new_capture AFTER INSERT ON captures WHEN NEW.purpose <> 'control' BEGIN
  UPDATE totals SET number = number + 1 WHERE what = 'captures' AND value = '';
END;
CREATE TRIGGER totals_new_blob AFTER INSERT ON blobs BEGIN
  UPDATE totals SET number = number + 1 WHERE what = 'blobs' AND value = '';
END;
CREATE TRIGGER totals_new_replay AFTER INSERT ON replays
  WHEN NOT EXISTS (SELECT 1 FROM replays r WHERE r.capture_id = NEW.capture_id AND r.id <> NEW.id) BEGIN
  UPDATE totals SET number = number + 1 WHERE what = 'replayed' AND value = '';
END;
CREATE TRIGGER totals_new_pending AFTER INSERT ON pending WHEN NEW.work IN ('replay', 'replay later') BEGIN
  UPDATE totals SET number = number + 1 WHERE what = 'to replay' AND value = '';
END;
CREATE TRIGGER totals_no_pending AFTER DELETE ON pending WHEN OLD.work IN ('replay', 'replay later') BEGIN
  UPDATE totals SET number = number - 1 WHERE what = 'to replay' AND value = '';
END;

-- Which download of an article is its newest decides which embeds count.
CREATE TRIGGER figures_new_embed AFTER INSERT ON embeds BEGIN INSERT OR IGNORE INTO article_figures_due VALUES (NEW.article_id); END;
CREATE TRIGGER figures_embed AFTER UPDATE OF post_key, article_id, fetch_id, kind ON embeds BEGIN
  INSERT OR IGNORE INTO article_figures_due VALUES (NEW.article_id), (OLD.article_id);
  INSERT OR IGNORE INTO browsing_due SELECT NEW.post_key WHERE NEW.post_key IS NOT NULL;
END;
CREATE TRIGGER figures_no_embed AFTER DELETE ON embeds BEGIN INSERT OR IGNORE INTO article_figures_due VALUES (OLD.article_id); END;
CREATE TRIGGER figures_new_fetch AFTER INSERT ON fetches WHEN NEW.searched_rules IS NOT NULL BEGIN
  INSERT OR IGNORE INTO article_figures_due VALUES (NEW.article_id);
  INSERT OR IGNORE INTO browsing_due SELECT post_key FROM embeds WHERE article_id = NEW.article_id AND post_key IS NOT NULL;
END;
CREATE TRIGGER figures_fetch AFTER UPDATE OF searched_rules, fetched_at, article_id ON fetches
  WHEN NEW.searched_rules IS NOT OLD.searched_rules OR NEW.fetched_at <> OLD.fetched_at OR NEW.article_id <> OLD.article_id BEGIN
  INSERT OR IGNORE INTO article_figures_due VALUES (NEW.article_id), (OLD.article_id);
  INSERT OR IGNORE INTO browsing_due SELECT post_key FROM embeds
    WHERE article_id IN (NEW.article_id, OLD.article_id) AND post_key IS NOT NULL;
END;
CREATE TRIGGER figures_no_fetch AFTER DELETE ON fetches WHEN OLD.searched_rules IS NOT NULL BEGIN
  INSERT OR IGNORE INTO article_figures_due VALUES (OLD.article_id);
  INSERT OR IGNORE INTO browsing_due SELECT post_key FROM embeds WHERE article_id = OLD.article_id AND post_key IS NOT NULL;
END;

INSERT OR IGNORE INTO article_figures_due SELECT id FROM articles;
INSERT OR IGNORE INTO browsing_due SELECT key FROM posts;
