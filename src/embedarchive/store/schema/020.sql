-- More marks are kept of a picture than were at first: it is marked anew, and found by what it has until then.

INSERT OR IGNORE INTO pending SELECT 'mark', capture_id FROM artifacts
  WHERE content_type LIKE 'image/%' AND role IN ('screenshot', 'media', 'poster');
