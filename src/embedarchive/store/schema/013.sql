-- What is found again in a part of a picture, so that a screenshot, cut or framed, finds its post.

CREATE TABLE picture_marks (                -- one place in a picture, by what is around it
  artifact_id INTEGER NOT NULL REFERENCES artifacts(id),
  word        INTEGER NOT NULL,             -- 24 bits of what is around it; mirrored, each differs in the same bits
  place       INTEGER NOT NULL,             -- x << 24 | y << 8 | size: where, in pixels of the picture, and how large (sixteenths of an octave)
  PRIMARY KEY (artifact_id, word, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX picture_marks_word ON picture_marks(word);

-- What is withdrawn of a picture takes these along.
CREATE TRIGGER picture_marks_erased AFTER UPDATE OF dhash ON artifacts WHEN NEW.dhash IS NULL BEGIN
  DELETE FROM picture_marks WHERE artifact_id = NEW.id;
END;
CREATE TRIGGER picture_marks_withdrawn AFTER INSERT ON redactions WHEN NEW.table_name = 'blobs' BEGIN
  DELETE FROM picture_marks WHERE artifact_id IN (SELECT id FROM artifacts WHERE sha256 = NEW.row_id);
END;

INSERT OR IGNORE INTO pending SELECT 'mark', capture_id FROM artifacts
  WHERE content_type LIKE 'image/%' AND role IN ('screenshot', 'media', 'poster');
