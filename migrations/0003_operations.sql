-- The trusted root that the service uses under a name, and how fresh it is known to be. The root itself is a document,
-- what the name meant before stands in document_name.
CREATE TABLE trusted_root (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 128),
  digest bytea NOT NULL REFERENCES document,
  -- When TUF last confirmed it; null: nobody knows how old it is.
  as_of timestamptz,
  -- The last try that came to nothing, since then.
  failed_at timestamptz,
  due_at timestamptz NOT NULL,
  attempt integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  -- The newest metadata that a TUF client of ours has seen: nobody takes it back to older one.
  metadata bytea CHECK (octet_length(metadata) <= 33554432)
);
CREATE INDEX trusted_root_digest ON trusted_root (digest);

-- Who asked, as W3C Trace Context says it: what is done with the request later belongs to the same trace.
ALTER TABLE request ADD COLUMN traceparent text CHECK (length(traceparent) = 55);
