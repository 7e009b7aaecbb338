-- What archives answered about a post that they are still being asked about: after a kill nobody is asked for it twice.

CREATE TABLE consulted (                    -- one answer of a web archive; it goes when no more of its post is due, or after a day
  subject      TEXT NOT NULL,               -- the post's key; of an embed that names no post, the article's address
  asked        TEXT NOT NULL,               -- address that was asked, and the range of bytes, where it was for one
  asked_at     TEXT NOT NULL,
  final_url    TEXT NOT NULL,               -- where that led
  outcome      TEXT NOT NULL,               -- ok, failed
  status       INTEGER,
  reason       TEXT,                        -- why there is no answer
  redirects    TEXT NOT NULL,               -- JSON: status and address of each
  headers      TEXT NOT NULL,               -- JSON: name and value of each
  content_type TEXT,
  body         BLOB NOT NULL,
  truncated    TEXT,                        -- why it is not all of it; NULL: it is
  PRIMARY KEY (subject, asked)
) STRICT;
