-- Time stamps of merged archives: when their logs existed, by others than who merged them.

CREATE TABLE merged_stamps (                -- a time stamp (RFC 3161) of a checkpoint of an archive that was merged
  archive_id    INTEGER NOT NULL REFERENCES merged_archives(id),
  seq           INTEGER NOT NULL,           -- the place of its entry in that archive's log
  checkpoint_id INTEGER NOT NULL,           -- the number of its checkpoint there
  authority     TEXT NOT NULL,              -- address of the authority
  stamped_at    TEXT NOT NULL,              -- the time in the token
  note          TEXT NOT NULL,              -- the checkpoint that was stamped, a signed note
  token         BLOB NOT NULL,              -- the answer as it came
  root          TEXT NOT NULL,              -- the certificate by which the token was judged, PEM
  PRIMARY KEY (archive_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER merged_stamps_no_update BEFORE UPDATE ON merged_stamps
  BEGIN SELECT RAISE(ABORT, 'merged_stamps are append-only'); END;
CREATE TRIGGER merged_stamps_no_delete BEFORE DELETE ON merged_stamps
  BEGIN SELECT RAISE(ABORT, 'merged_stamps are append-only'); END;
