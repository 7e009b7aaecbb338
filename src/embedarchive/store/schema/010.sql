-- The log: what was kept, in order, so that nobody can change it later and not be found out.

CREATE TABLE log (                          -- one thing that was kept, in the order in which it was; append-only, but for salts that are erased
  seq     INTEGER PRIMARY KEY,              -- from 0: its place in the tree
  kind    TEXT NOT NULL,                    -- capture, fetch, rendering (of a fetch), withdrawal, import, key
  subject INTEGER NOT NULL,                 -- its number in its table; of a withdrawal the seq of the entry that it stands in for
  form    INTEGER NOT NULL,                 -- how its entry is written
  leaf    BLOB NOT NULL,                    -- hash of its entry (RFC 6962), 32 bytes; the entry itself is made of the rows
  salt    BLOB                              -- of the words in its entry, 16 bytes; NULL: it has none, or they were erased
) STRICT;
CREATE INDEX log_subject ON log(kind, subject);

CREATE TABLE tree (                         -- hashes over 256 leaves, over 256 of those and so on: of them and the last leaves every root is made
  level    INTEGER NOT NULL,                -- 1: of 256 leaves
  position INTEGER NOT NULL,                -- from 0
  hash     BLOB NOT NULL,                   -- 32 bytes
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_keys (                     -- a key that signs checkpoints, from its entry in the log on; its private half is not in the archive
  id         INTEGER PRIMARY KEY,
  origin     TEXT NOT NULL,                 -- the name of this archive's log, drawn by lot
  public_key TEXT NOT NULL,                 -- Ed25519, 32 bytes in hex
  since      TEXT NOT NULL
) STRICT;

CREATE TABLE imports (                      -- rows that were not logged when they were observed: from before there was a log, or of another archive
  id       INTEGER PRIMARY KEY,
  what     TEXT NOT NULL,                   -- adopted, this archive's own of before; merged, another archive's
  at       TEXT NOT NULL,
  version  TEXT NOT NULL,                   -- of embedarchive
  source   TEXT,                            -- where they came from
  captures INTEGER NOT NULL,                -- adopted: captures up to that number; merged: how many
  fetches  INTEGER NOT NULL                 -- the same of fetches
) STRICT;

CREATE TABLE checkpoints (                  -- size and root of the log at a moment, signed
  id   INTEGER PRIMARY KEY,
  size INTEGER NOT NULL,
  note TEXT NOT NULL                        -- a signed note (C2SP tlog-checkpoint)
) STRICT;
CREATE INDEX checkpoints_size ON checkpoints(size);

CREATE TABLE stamps (                       -- a time stamp (RFC 3161) of a checkpoint by one authority, or what became of asking for it
  id            INTEGER PRIMARY KEY,
  checkpoint_id INTEGER NOT NULL REFERENCES checkpoints(id),
  authority     TEXT NOT NULL,              -- address of the authority
  state         TEXT NOT NULL,              -- unstamped, not answered yet; stamped; refused
  due_at        TEXT,                       -- when it is asked next; NULL: it has answered, or is asked no more
  tried         INTEGER NOT NULL DEFAULT 0,
  stamped_at    TEXT,                       -- the time in the token
  token         BLOB,                       -- the answer as it came, also where it was not accepted
  root          TEXT,                       -- the certificate by which the token was judged, PEM
  answer        TEXT                        -- what was wrong, if something was
) STRICT;
CREATE INDEX stamps_due ON stamps(due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX stamps_checkpoint ON stamps(checkpoint_id, authority);

CREATE TRIGGER log_no_update BEFORE UPDATE ON log
  WHEN NOT (NEW.seq = OLD.seq AND NEW.kind = OLD.kind AND NEW.subject = OLD.subject AND NEW.form = OLD.form
            AND NEW.leaf = OLD.leaf AND NEW.salt IS NULL)
  BEGIN SELECT RAISE(ABORT, 'the log is append-only, except to erase a salt'); END;
CREATE TRIGGER log_no_delete BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER tree_no_update BEFORE UPDATE ON tree BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END;
CREATE TRIGGER tree_no_delete BEFORE DELETE ON tree BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END;
CREATE TRIGGER log_keys_no_update BEFORE UPDATE ON log_keys BEGIN SELECT RAISE(ABORT, 'keys are append-only'); END;
CREATE TRIGGER log_keys_no_delete BEFORE DELETE ON log_keys BEGIN SELECT RAISE(ABORT, 'keys are append-only'); END;
CREATE TRIGGER imports_no_update BEFORE UPDATE ON imports BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
CREATE TRIGGER imports_no_delete BEFORE DELETE ON imports BEGIN SELECT RAISE(ABORT, 'imports are append-only'); END;
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
  BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER stamps_no_update BEFORE UPDATE ON stamps WHEN OLD.state = 'stamped'
  BEGIN SELECT RAISE(ABORT, 'stamps are append-only'); END;
CREATE TRIGGER stamps_no_delete BEFORE DELETE ON stamps BEGIN SELECT RAISE(ABORT, 'stamps are append-only'); END;
