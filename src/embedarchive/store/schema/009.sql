-- Who may see what, who asked for that, and what was decided.

CREATE TABLE withdrawals (                  -- one request that something be withdrawn, and what was decided
  id          INTEGER PRIMARY KEY,
  received_at TEXT NOT NULL,
  reason      TEXT NOT NULL,                -- request, court, minor, rights, danger, mistake
  reference   TEXT,                         -- the archive's own number of the case; a person's name does not belong here
  due_at      TEXT NOT NULL,                -- until then it is to be decided
  decision    TEXT,                         -- restore, staff, seal, erase; NULL: still open
  basis       TEXT,                         -- the rule it rests on, as GDPR 17(1)(c)
  decided_by  TEXT,
  decided_at  TEXT,
  note        TEXT,
  hold_until  TEXT                          -- a legal hold: nothing of it is erased before then
) STRICT;
CREATE INDEX withdrawals_open ON withdrawals(due_at) WHERE decision IS NULL;

CREATE TABLE access (                       -- who may see a post, an account's posts, an article, an outlet, a picture; the newest row holds
  id            INTEGER PRIMARY KEY,
  kind          TEXT NOT NULL,              -- post, account, article, outlet, picture
  subject       TEXT NOT NULL,              -- a post's key, an account's handle, an article's address, a host, a file's sha256
  platform      TEXT,                       -- of an account; NULL: on every platform
  level         TEXT NOT NULL,              -- public; staff, who are signed in; sealed, nobody but by an opening that is noted; erased
  from_at       TEXT NOT NULL,
  until_at      TEXT,                       -- an embargo: not longer than that; NULL: for good
  withdrawal_id INTEGER REFERENCES withdrawals(id),
  decided_at    TEXT NOT NULL
) STRICT;
CREATE INDEX access_subject ON access(kind, subject, platform, id);
CREATE INDEX access_withdrawal ON access(withdrawal_id);
CREATE TRIGGER access_no_update BEFORE UPDATE ON access BEGIN SELECT RAISE(ABORT, 'access is append-only'); END;
CREATE TRIGGER access_no_delete BEFORE DELETE ON access BEGIN SELECT RAISE(ABORT, 'access is append-only'); END;

CREATE TABLE openings (                     -- who opened something sealed, when and why
  id        INTEGER PRIMARY KEY,
  opened_at TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  subject   TEXT NOT NULL,                  -- the post's key
  why       TEXT NOT NULL
) STRICT;
CREATE TRIGGER openings_no_update BEFORE UPDATE ON openings BEGIN SELECT RAISE(ABORT, 'openings are append-only'); END;
CREATE TRIGGER openings_no_delete BEFORE DELETE ON openings BEGIN SELECT RAISE(ABORT, 'openings are append-only'); END;
