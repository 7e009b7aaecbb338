-- Every loss of a post that is believed, also those before it came back.

ALTER TABLE conclusions ADD COLUMN losses TEXT NOT NULL DEFAULT '[]'; -- public: each believed loss: the first answer that said so, when it was confirmed, when it ended (null: not yet)

INSERT OR IGNORE INTO pending SELECT 'conclude', id FROM captures WHERE outcome = 'gone' AND purpose <> 'control';
