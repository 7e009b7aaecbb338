-- A run whose clock was wrong says nothing of when.

ALTER TABLE crawls ADD COLUMN clock_suspect TEXT; -- public: why its times are not believed, and nothing is concluded from them; NULL: they are
