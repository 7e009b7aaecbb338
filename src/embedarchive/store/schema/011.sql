-- What is erased, what is not wanted, and which copies left: all that a withdrawal needs besides levels.

-- Of rows too, and by what they were replaced; until here a row was of a file, by its sha256.
CREATE TEMP TABLE redactions_before AS SELECT sha256, size, reason, redacted_at FROM redactions;
DROP TRIGGER blobs_no_update;
DROP TABLE redactions;
CREATE TABLE redactions (                   -- what was withdrawn on purpose: the only way that bytes and words ever leave
  table_name    TEXT NOT NULL,              -- blobs, captures, artifacts, exchanges and so on
  row_id        TEXT NOT NULL,              -- the row's key there
  column_name   TEXT NOT NULL,              -- what of it is empty, or was replaced, since then
  sha256        TEXT,                       -- of a file (blobs): what it was; NULL: words of a row
  size          INTEGER,                    -- of a file, in bytes
  reason        TEXT NOT NULL,
  redacted_at   TEXT NOT NULL,
  withdrawal_id INTEGER REFERENCES withdrawals(id),
  replaced_by   TEXT REFERENCES blobs(sha256), -- the file that stands there now: the same with the post cut out; NULL: nothing
  PRIMARY KEY (table_name, row_id, column_name)
) STRICT, WITHOUT ROWID;
INSERT INTO redactions (table_name, row_id, column_name, sha256, size, reason, redacted_at)
  SELECT 'blobs', sha256, 'body', sha256, size, reason, redacted_at FROM redactions_before;
DROP TABLE redactions_before;
CREATE INDEX redactions_sha256 ON redactions(sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX redactions_withdrawal ON redactions(withdrawal_id) WHERE withdrawal_id IS NOT NULL;
CREATE TRIGGER redactions_no_update BEFORE UPDATE ON redactions BEGIN SELECT RAISE(ABORT, 'redactions are append-only'); END;
CREATE TRIGGER redactions_no_delete BEFORE DELETE ON redactions BEGIN SELECT RAISE(ABORT, 'redactions are append-only'); END;

-- What was observed stays as it was observed, but for what a row of redactions names: that may be emptied, and nothing else.
CREATE TRIGGER blobs_no_update BEFORE UPDATE ON blobs
  WHEN NOT (NEW.sha256 IS OLD.sha256 AND NEW.size IS OLD.size AND length(NEW.body) = 0
            AND EXISTS (SELECT 1 FROM redactions WHERE table_name = 'blobs' AND row_id = OLD.sha256 AND column_name = 'body'))
  BEGIN SELECT RAISE(ABORT, 'blobs are append-only, except to redact'); END;

DROP TRIGGER captures_no_update;
CREATE TRIGGER captures_no_update BEFORE UPDATE ON captures
  WHEN NOT (EXISTS (SELECT 1 FROM redactions WHERE table_name = 'captures' AND row_id = CAST(OLD.id AS TEXT))
            AND NEW.id IS OLD.id AND NEW.post_key IS OLD.post_key AND NEW.crawl_id IS OLD.crawl_id AND NEW.fetch_id IS OLD.fetch_id
            AND NEW.outcome IS OLD.outcome AND NEW.reason IS OLD.reason AND NEW.status IS OLD.status
            AND NEW.started_at IS OLD.started_at AND NEW.finished_at IS OLD.finished_at AND NEW.uid IS OLD.uid
            AND NEW.origin IS OLD.origin AND NEW.purpose IS OLD.purpose AND NEW.seen_at IS OLD.seen_at
            AND NOT EXISTS (SELECT 1 FROM (
                SELECT 'evidence' AS name, OLD.evidence AS before, NEW.evidence AS after
                UNION ALL SELECT 'visit_url', OLD.visit_url, NEW.visit_url
                UNION ALL SELECT 'final_url', OLD.final_url, NEW.final_url
                UNION ALL SELECT 'missing', OLD.missing, NEW.missing
                UNION ALL SELECT 'alterations', OLD.alterations, NEW.alterations
                UNION ALL SELECT 'environment', OLD.environment, NEW.environment) c
              WHERE c.before IS NOT c.after AND NOT (coalesce(c.after, '') IN ('', '[]', '{}') AND EXISTS (
                SELECT 1 FROM redactions WHERE table_name = 'captures' AND row_id = CAST(OLD.id AS TEXT) AND column_name = c.name))))
  BEGIN SELECT RAISE(ABORT, 'captures are append-only, except to redact'); END;

DROP TRIGGER artifacts_no_update;
CREATE TRIGGER artifacts_no_update BEFORE UPDATE ON artifacts
  WHEN NOT (EXISTS (SELECT 1 FROM redactions WHERE table_name = 'artifacts' AND row_id = CAST(OLD.id AS TEXT))
            AND NEW.id IS OLD.id AND NEW.capture_id IS OLD.capture_id AND NEW.role IS OLD.role AND NEW.position IS OLD.position
            AND NEW.sha256 IS OLD.sha256 AND NEW.content_type IS OLD.content_type AND NEW.size IS OLD.size
            AND NEW.width IS OLD.width AND NEW.height IS OLD.height AND NEW.truncated IS OLD.truncated
            AND NOT EXISTS (SELECT 1 FROM (
                SELECT 'url' AS name, OLD.url AS before, NEW.url AS after
                UNION ALL SELECT 'alt', OLD.alt, NEW.alt
                UNION ALL SELECT 'dhash', OLD.dhash, NEW.dhash) c
              WHERE c.before IS NOT c.after AND NOT (coalesce(c.after, '') IN ('', '[]', '{}') AND EXISTS (
                SELECT 1 FROM redactions WHERE table_name = 'artifacts' AND row_id = CAST(OLD.id AS TEXT) AND column_name = c.name))))
  BEGIN SELECT RAISE(ABORT, 'artifacts are append-only, except to redact'); END;

DROP TRIGGER exchanges_no_update;
CREATE TRIGGER exchanges_no_update BEFORE UPDATE ON exchanges
  WHEN NOT (EXISTS (SELECT 1 FROM redactions WHERE table_name = 'exchanges' AND row_id = CAST(OLD.id AS TEXT))
            AND NEW.id IS OLD.id AND NEW.capture_id IS OLD.capture_id AND NEW.position IS OLD.position AND NEW.method IS OLD.method
            AND NEW.status IS OLD.status AND NEW.resource_type IS OLD.resource_type AND NEW.body_sha256 IS OLD.body_sha256
            AND NEW.remote_address IS OLD.remote_address AND NEW.started_at IS OLD.started_at
            AND NEW.elapsed_ms IS OLD.elapsed_ms AND NEW.truncated IS OLD.truncated
            AND NOT EXISTS (SELECT 1 FROM (
                SELECT 'url' AS name, OLD.url AS before, NEW.url AS after
                UNION ALL SELECT 'content_type', OLD.content_type, NEW.content_type
                UNION ALL SELECT 'request_headers', OLD.request_headers, NEW.request_headers
                UNION ALL SELECT 'response_headers', OLD.response_headers, NEW.response_headers
                UNION ALL SELECT 'error', OLD.error, NEW.error) c
              WHERE c.before IS NOT c.after AND NOT (coalesce(c.after, '') IN ('', '[]', '{}') AND EXISTS (
                SELECT 1 FROM redactions WHERE table_name = 'exchanges' AND row_id = CAST(OLD.id AS TEXT) AND column_name = c.name))))
  BEGIN SELECT RAISE(ABORT, 'exchanges are append-only, except to redact'); END;

DROP TRIGGER replays_no_update;
CREATE TRIGGER replays_no_update BEFORE UPDATE ON replays
  WHEN NOT (NEW.id IS OLD.id AND NEW.capture_id IS OLD.capture_id AND NEW.checked_at IS OLD.checked_at AND NEW.score IS OLD.score
            AND NEW.distance IS OLD.distance AND NEW.text_found IS OLD.text_found AND NEW.media_found IS OLD.media_found
            AND NEW.media_expected IS OLD.media_expected
            AND coalesce(NEW.note, '') = '' AND EXISTS (
              SELECT 1 FROM redactions WHERE table_name = 'replays' AND row_id = CAST(OLD.id AS TEXT) AND column_name = 'note'))
  BEGIN SELECT RAISE(ABORT, 'replays are append-only, except to redact'); END;

DROP TRIGGER openings_no_update;
CREATE TRIGGER openings_no_update BEFORE UPDATE ON openings
  WHEN NOT (NEW.id IS OLD.id AND NEW.opened_at IS OLD.opened_at AND NEW.opened_by IS OLD.opened_by AND NEW.subject IS OLD.subject
            AND coalesce(NEW.why, '') = '' AND EXISTS (
              SELECT 1 FROM redactions WHERE table_name = 'openings' AND row_id = CAST(OLD.id AS TEXT) AND column_name = 'why'))
  BEGIN SELECT RAISE(ABORT, 'openings are append-only, except to redact'); END;

ALTER TABLE withdrawals ADD COLUMN erased_at TEXT; -- private: when all of it had left the file; NULL: it was not erased, or that was interrupted

CREATE TABLE optouts (                      -- what is not to be fetched, visited, watched, recovered or published
  id            INTEGER PRIMARY KEY,
  kind          TEXT NOT NULL,              -- host, account, post, prefix
  pattern       TEXT NOT NULL,              -- a host; a handle; a post's key; the beginning of an address
  platform      TEXT,                       -- of an account; NULL: on every platform
  from_at       TEXT NOT NULL,
  until_at      TEXT,                       -- not longer than that; NULL: for good
  source        TEXT NOT NULL,              -- who says so: the command line, a file, a peer's address, a withdrawal
  withdrawal_id INTEGER REFERENCES withdrawals(id), -- the case that erased it; NULL: it was asked for by itself
  removed_at    TEXT                        -- when it was taken off the list; NULL: it holds
) STRICT;
CREATE INDEX optouts_pattern ON optouts(kind, pattern, platform);
CREATE TRIGGER optouts_no_update BEFORE UPDATE ON optouts
  WHEN NOT (OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL AND NEW.id IS OLD.id AND NEW.kind IS OLD.kind
            AND NEW.pattern IS OLD.pattern AND NEW.platform IS OLD.platform AND NEW.from_at IS OLD.from_at
            AND NEW.until_at IS OLD.until_at AND NEW.source IS OLD.source AND NEW.withdrawal_id IS OLD.withdrawal_id)
  BEGIN SELECT RAISE(ABORT, 'optouts are append-only, except to take one off the list'); END;
CREATE TRIGGER optouts_no_delete BEFORE DELETE ON optouts BEGIN SELECT RAISE(ABORT, 'optouts are append-only'); END;

CREATE TABLE exports (                      -- one copy of something of the archive that was handed out or may have been
  id      INTEGER PRIMARY KEY,
  made_at TEXT NOT NULL,
  form    TEXT NOT NULL,                    -- publish, site, wacz, csv, pack, heal and so on
  place   TEXT NOT NULL,                    -- where it was written
  eyes    TEXT NOT NULL,                    -- for whom: public, staff
  posts   INTEGER NOT NULL,                 -- how many of them it tells of: export_posts names them
  options TEXT NOT NULL DEFAULT '{}',
  sha256  TEXT,                             -- of the file, where it is one
  gone_at TEXT                              -- since when that copy is known to be no more; NULL: it may still be somewhere
) STRICT;
CREATE TRIGGER exports_no_update BEFORE UPDATE ON exports
  WHEN NOT (OLD.gone_at IS NULL AND NEW.gone_at IS NOT NULL AND NEW.id IS OLD.id AND NEW.made_at IS OLD.made_at
            AND NEW.form IS OLD.form AND NEW.place IS OLD.place AND NEW.eyes IS OLD.eyes AND NEW.posts IS OLD.posts
            AND NEW.options IS OLD.options AND NEW.sha256 IS OLD.sha256)
  BEGIN SELECT RAISE(ABORT, 'exports are append-only, except to say that one is no more'); END;
CREATE TRIGGER exports_no_delete BEFORE DELETE ON exports BEGIN SELECT RAISE(ABORT, 'exports are append-only'); END;

CREATE TABLE export_posts (                 -- which posts a copy tells of
  post_key  TEXT NOT NULL,                  -- no reference: it was handed out, whatever becomes of it here
  export_id INTEGER NOT NULL REFERENCES exports(id),
  PRIMARY KEY (post_key, export_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX export_posts_export ON export_posts(export_id);
CREATE TRIGGER export_posts_no_update BEFORE UPDATE ON export_posts
  BEGIN SELECT RAISE(ABORT, 'export_posts are append-only'); END;
CREATE TRIGGER export_posts_no_delete BEFORE DELETE ON export_posts
  BEGIN SELECT RAISE(ABORT, 'export_posts are append-only'); END;
