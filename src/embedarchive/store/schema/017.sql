-- What an article is drawn with: so that others' players show it as its readers saw it.

CREATE TABLE page_files (                   -- style sheets, pictures and typefaces of an article that was opened in a browser; none of its embeds' frames
  fetch_id     INTEGER NOT NULL REFERENCES fetches(id),
  position     INTEGER NOT NULL,            -- in the order in which the page asked for them
  url          TEXT NOT NULL,
  kind         TEXT NOT NULL,               -- stylesheet, image, font
  status       INTEGER NOT NULL,
  headers      TEXT NOT NULL,               -- of the answer: [[name, value], …]
  content_type TEXT,
  fetched_at   TEXT NOT NULL,
  sha256       TEXT NOT NULL REFERENCES blobs(sha256),
  PRIMARY KEY (fetch_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX page_files_sha256 ON page_files(sha256);
