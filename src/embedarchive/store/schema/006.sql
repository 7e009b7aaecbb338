-- The words of notes can be searched for, as those of articles can.

CREATE VIRTUAL TABLE notes_fts USING fts5(
  value, content="notes", content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE notes_grams USING fts5(grams, content='', detail=none, tokenize="ascii tokenchars '_'");
INSERT INTO notes_fts(notes_fts) VALUES ('rebuild');
