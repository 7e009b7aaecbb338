-- Merging: which archives were merged into this one, which of them held what, and their logs, by which that is still proved.

CREATE TABLE merged_archives (              -- another archive that was merged into this one
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,                 -- of its log, as its checkpoints have it; of one never signed, made of what it held first
  merged_at  TEXT NOT NULL,                 -- the last time
  place      TEXT NOT NULL,                 -- where its file was then; empty: it came with an archive into which it had been merged
  keys       TEXT NOT NULL DEFAULT '[]',    -- those that signed its log: number, origin, public key in hex, since when, place in its log
  checkpoint TEXT                           -- its last, a signed note; NULL: it was never signed
) STRICT;

CREATE TABLE merged_log (                   -- the logs of those archives, as `log` has this one's
  archive_id INTEGER NOT NULL REFERENCES merged_archives(id),
  seq        INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  subject    INTEGER NOT NULL,              -- its number there
  form       INTEGER NOT NULL,
  leaf       BLOB NOT NULL,
  salt       BLOB,                          -- NULL: it has none, or what it is of was erased there or here
  PRIMARY KEY (archive_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE held_by (                      -- which of those archives held a visit to a post, or a download of an article
  kind       TEXT NOT NULL,                 -- capture, fetch, rendering: of what the entry in its log is
  subject    INTEGER NOT NULL,              -- its number here
  archive_id INTEGER NOT NULL REFERENCES merged_archives(id),
  seq        INTEGER,                       -- the place in its log of the entry that counts; NULL: it is not in it
  numbers    TEXT NOT NULL,                 -- the numbers that its rows have there: its own, run, article's download, check, files, exchanges
  PRIMARY KEY (kind, subject, archive_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_archive ON held_by(archive_id);

CREATE TRIGGER merged_archives_no_delete BEFORE DELETE ON merged_archives
  BEGIN SELECT RAISE(ABORT, 'merged_archives are append-only'); END;
CREATE TRIGGER merged_log_no_update BEFORE UPDATE ON merged_log
  WHEN NOT (NEW.archive_id = OLD.archive_id AND NEW.seq = OLD.seq AND NEW.kind = OLD.kind AND NEW.subject = OLD.subject
            AND NEW.form = OLD.form AND NEW.leaf = OLD.leaf AND NEW.salt IS NULL)
  BEGIN SELECT RAISE(ABORT, 'the log is append-only, except to erase a salt'); END;
CREATE TRIGGER merged_log_no_delete BEFORE DELETE ON merged_log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER held_by_no_delete BEFORE DELETE ON held_by BEGIN SELECT RAISE(ABORT, 'held_by is append-only'); END;
