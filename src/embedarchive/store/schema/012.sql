-- Browsing: every post by what people look for it by, with counts; and collections.

CREATE TABLE browsing (                     -- one row a post, and one more for each outlet that embedded it; derived, and made anew when its post changes
  outlet    TEXT NOT NULL,                  -- '' in the row that each post has
  platform  TEXT NOT NULL,
  status    TEXT NOT NULL,                  -- as concluded; not captured; unresolved, a short link that nobody has followed
  kept      TEXT NOT NULL,                  -- whole, partial, none
  kind      TEXT NOT NULL,                  -- photo, video …; '' where it is not known, as in the columns below
  lang      TEXT NOT NULL,                  -- the language alone, without its country
  posted_at TEXT NOT NULL,                  -- the date that its id tells, else the one that was seen, else a publisher's
  post_key  TEXT NOT NULL,
  author    TEXT NOT NULL,                  -- handle or name in lower case, as seen or else as a publisher has it
  lost_in   TEXT NOT NULL,                  -- the month in which its loss was found
  PRIMARY KEY (outlet, platform, status, kept, kind, lang, posted_at, post_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX browsing_newest ON browsing(outlet, posted_at, post_key);
CREATE INDEX browsing_author ON browsing(author, outlet, posted_at, post_key) WHERE author <> '';
CREATE INDEX browsing_post ON browsing(post_key);

CREATE TABLE browsing_counts (              -- how many rows of browsing are alike, kept along with them
  outlet   TEXT NOT NULL,
  platform TEXT NOT NULL,
  status   TEXT NOT NULL,
  kept     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  lang     TEXT NOT NULL,
  month    TEXT NOT NULL,                   -- of posted_at
  lost_in  TEXT NOT NULL,
  posts    INTEGER NOT NULL,
  PRIMARY KEY (outlet, platform, status, kept, kind, lang, month, lost_in)
) STRICT, WITHOUT ROWID;
CREATE INDEX browsing_counts_empty ON browsing_counts(posts) WHERE posts = 0;

CREATE TABLE browsing_totals (              -- how many posts an outlet embedded, and how many an author wrote
  facet TEXT NOT NULL,                      -- outlet, author
  value TEXT NOT NULL,
  posts INTEGER NOT NULL,
  PRIMARY KEY (facet, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX browsing_totals_most ON browsing_totals(facet, posts);
CREATE INDEX browsing_totals_empty ON browsing_totals(posts) WHERE posts = 0;

CREATE TABLE collections (                  -- what belongs to a named set; a person's choice, never evidence
  name    TEXT NOT NULL,
  kind    TEXT NOT NULL,                    -- seed, what named articles: a list, a sitemap, a feed; article; post
  subject TEXT NOT NULL,                    -- the seed's address, the article's address, the post's key
  by      TEXT NOT NULL,                    -- a person, or the list that said so
  at      TEXT NOT NULL,
  PRIMARY KEY (name, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX collections_subject ON collections(kind, subject);

CREATE TABLE browsing_due (                 -- posts whose rows in browsing are to be made anew
  post_key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER browsing_new_post AFTER INSERT ON posts BEGIN INSERT OR IGNORE INTO browsing_due VALUES (NEW.key); END;
CREATE TRIGGER browsing_post AFTER UPDATE OF same_as, is_control, resolved, posted_at ON posts BEGIN
  INSERT OR IGNORE INTO browsing_due VALUES (NEW.key);
  INSERT OR IGNORE INTO browsing_due SELECT NEW.same_as WHERE NEW.same_as IS NOT NULL;
END;
CREATE TRIGGER browsing_no_post AFTER DELETE ON posts BEGIN INSERT OR IGNORE INTO browsing_due VALUES (OLD.key); END;
CREATE TRIGGER browsing_new_embed AFTER INSERT ON embeds WHEN NEW.post_key IS NOT NULL BEGIN
  INSERT OR IGNORE INTO browsing_due VALUES (NEW.post_key);
END;
CREATE TRIGGER browsing_embed AFTER UPDATE OF post_key, article_id, author_handle, author_name, lang, posted_at ON embeds BEGIN
  INSERT OR IGNORE INTO browsing_due SELECT NEW.post_key WHERE NEW.post_key IS NOT NULL;
  INSERT OR IGNORE INTO browsing_due SELECT OLD.post_key WHERE OLD.post_key IS NOT NULL;
END;
CREATE TRIGGER browsing_no_embed AFTER DELETE ON embeds WHEN OLD.post_key IS NOT NULL BEGIN
  INSERT OR IGNORE INTO browsing_due VALUES (OLD.post_key);
END;
CREATE TRIGGER browsing_new_conclusion AFTER INSERT ON conclusions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (NEW.post_key); END;
CREATE TRIGGER browsing_conclusion AFTER UPDATE ON conclusions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (NEW.post_key); END;
CREATE TRIGGER browsing_no_conclusion AFTER DELETE ON conclusions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (OLD.post_key); END;
CREATE TRIGGER browsing_new_description AFTER INSERT ON descriptions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (NEW.post_key); END;
CREATE TRIGGER browsing_description AFTER UPDATE ON descriptions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (NEW.post_key); END;
CREATE TRIGGER browsing_no_description AFTER DELETE ON descriptions BEGIN INSERT OR IGNORE INTO browsing_due VALUES (OLD.post_key); END;
CREATE TRIGGER browsing_outlet AFTER UPDATE OF outlet ON articles WHEN NEW.outlet IS NOT OLD.outlet BEGIN
  INSERT OR IGNORE INTO browsing_due SELECT post_key FROM embeds WHERE article_id = NEW.id AND post_key IS NOT NULL;
END;

-- The same id in another case: nearly what was asked for.
CREATE INDEX posts_native_any_case ON posts(native_id COLLATE NOCASE);

INSERT OR IGNORE INTO browsing_due SELECT key FROM posts;
