-- What a seed brought can be taken back, and is found again through the indexes of sitemaps.

ALTER TABLE articles ADD COLUMN forgotten_at TEXT; -- private: when the seed that brought it was taken back: nothing of it is due; NULL: it was not
ALTER TABLE posts ADD COLUMN forgotten_at TEXT; -- private: when the only articles that brought it were forgotten: it is not due; NULL: they were not
ALTER TABLE listings ADD COLUMN named_by TEXT; -- private: the index of sitemaps that named it; NULL: a person did
