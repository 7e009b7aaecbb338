-- Pages of web archives that are kept elsewhere: where each stands, and by what it is known.

CREATE TABLE page_places (                  -- where the page of a download stands, of which this archive keeps no copy (crawl --by-reference)
  fetch_id INTEGER PRIMARY KEY REFERENCES fetches(id),
  file     TEXT NOT NULL,                   -- the web archive, as an absolute path on the machine that read it
  member   TEXT NOT NULL,                   -- of a WACZ the file in it; empty: it is the web archive itself
  offset   INTEGER,                         -- the first byte of the record in that file, as it is packed; NULL: it is not packed record by record
  length   INTEGER,                         -- the record's bytes there
  sha256   TEXT NOT NULL,                   -- of the page, decoded, as a copy of it would be known
  size     INTEGER NOT NULL                 -- the page's bytes
) STRICT;
CREATE INDEX page_places_sha256 ON page_places(sha256);
