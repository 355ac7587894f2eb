-- A request that asks what another one has just answered is answered by it.

ALTER TABLE request
  -- What it asks, as one digest: all of its spec but its id. Null where nothing is to be answered by it.
  ADD COLUMN likeness bytea CHECK (octet_length(likeness) = 32),
  -- Whether it is to be looked up anew, whatever is remembered.
  ADD COLUMN fresh boolean NOT NULL DEFAULT false,
  -- Whose answer and observations are its own as well; never itself such a one.
  ADD COLUMN same_as uuid REFERENCES request,
  DROP CONSTRAINT request_check1,
  ADD CONSTRAINT request_done CHECK (state <> 'done' OR result IS NOT NULL OR error IS NOT NULL OR same_as IS NOT NULL),
  ADD CONSTRAINT request_same CHECK (same_as IS NULL OR (state = 'done' AND result IS NULL AND outcome IS NOT NULL));
CREATE INDEX request_likeness ON request (likeness, done_at DESC) WHERE state = 'done' AND same_as IS NULL;
CREATE INDEX request_waiting ON request (likeness, id) WHERE state IN ('queued', 'running');
CREATE INDEX request_same_as ON request (same_as) WHERE same_as IS NOT NULL;
