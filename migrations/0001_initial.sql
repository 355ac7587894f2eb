-- What meshproof remembers. Text with CHECK instead of enums, exact bytes in bytea, digests as 32 bytes.
-- Every table stands in the schema meshproof, which the migrator makes.

CREATE TABLE cluster (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  created_at timestamptz NOT NULL
);

CREATE TABLE principal (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('operator', 'token')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  created_at timestamptz NOT NULL,
  disabled_at timestamptz
);

CREATE TABLE api_token (
  id uuid PRIMARY KEY,
  hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
  principal_id uuid NOT NULL REFERENCES principal,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  scopes text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_token_principal ON api_token (principal_id);

CREATE TABLE session (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  principal_id uuid NOT NULL REFERENCES principal,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_principal ON session (principal_id);

CREATE TABLE sign_in_link (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  principal_id uuid NOT NULL REFERENCES principal,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX sign_in_link_principal ON sign_in_link (principal_id);

-- Immutable documents of ours: policies, trusted roots, waivers, inputs.
CREATE TABLE document (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  kind text NOT NULL CHECK (kind IN ('policy', 'trust', 'waivers', 'inputs')),
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 33554432),
  created_at timestamptz NOT NULL
);

CREATE TABLE document_name (
  kind text NOT NULL CHECK (kind IN ('policy', 'trust')),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  digest bytea NOT NULL REFERENCES document,
  since timestamptz NOT NULL,
  PRIMARY KEY (kind, name, since)
);
CREATE INDEX document_name_digest ON document_name (digest);

CREATE TABLE evidence (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  media_type text NOT NULL,
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 33554432),
  created_at timestamptz NOT NULL
);

CREATE TABLE evidence_set (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  bytes bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE TABLE request (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('verification')),
  cluster_id uuid REFERENCES cluster,
  principal_id uuid REFERENCES principal,
  spec bytea NOT NULL CHECK (octet_length(spec) <= 67108864),
  -- What a list shows of the request without reading it.
  subject text NOT NULL,
  policy text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'parked', 'cancelled')),
  -- Attempts ever begun, which name a lease; tries since a person last said so, which are limited.
  attempt integer NOT NULL DEFAULT 0,
  tries integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  lease_until timestamptz,
  progress jsonb,
  error jsonb,
  outcome text CHECK (outcome IN ('trusted', 'rejected', 'inconclusive')),
  -- The request as it can be judged again, with its answer: what a pack holds of it.
  result bytea,
  created_at timestamptz NOT NULL,
  done_at timestamptz,
  CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CHECK (state <> 'done' OR result IS NOT NULL OR error IS NOT NULL)
);
CREATE INDEX request_newest ON request (created_at DESC, id DESC);
CREATE INDEX request_open ON request (due_at) WHERE state IN ('queued', 'running');
CREATE INDEX request_state ON request (state, created_at DESC, id DESC);
CREATE INDEX request_outcome ON request (outcome, created_at DESC, id DESC);
CREATE INDEX request_subject ON request (subject, created_at DESC, id DESC);
CREATE INDEX request_principal ON request (principal_id);
CREATE INDEX request_cluster ON request (cluster_id);

-- What was asked, of whom, when, and what came of it.
CREATE TABLE observation (
  id uuid PRIMARY KEY,
  request_id uuid NOT NULL REFERENCES request,
  question text NOT NULL,
  source text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('found', 'absent', 'failed')),
  code text,
  digest bytea REFERENCES evidence,
  at timestamptz NOT NULL,
  retry_after text,
  detail jsonb,
  CHECK ((outcome = 'failed') = (code IS NOT NULL)),
  CHECK ((outcome = 'found') = (digest IS NOT NULL))
);
CREATE INDEX observation_request ON observation (request_id);
CREATE INDEX observation_question ON observation (md5(question), at DESC);
CREATE INDEX observation_digest ON observation (digest);

-- Answers to look-ups that may be remembered: found and final absence, for as long as the limits say. Loses freely.
CREATE TABLE lookup (
  key text PRIMARY KEY,
  digest bytea,
  media_type text,
  detail jsonb,
  at timestamptz NOT NULL,
  CHECK ((digest IS NULL) = (media_type IS NULL))
);

CREATE TABLE artifact (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  first_seen timestamptz NOT NULL
);

CREATE TABLE artifact_member (
  index_digest bytea NOT NULL REFERENCES artifact,
  member bytea NOT NULL REFERENCES artifact,
  platform text NOT NULL,
  PRIMARY KEY (index_digest, member)
);
CREATE INDEX artifact_member_member ON artifact_member (member);

CREATE TABLE tag_sighting (
  registry text NOT NULL,
  repository text NOT NULL,
  tag text NOT NULL,
  digest bytea NOT NULL REFERENCES artifact,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  PRIMARY KEY (registry, repository, tag, first_seen)
);
CREATE INDEX tag_sighting_digest ON tag_sighting (digest);

-- Shared by all workers: a registry that told one of them to wait is left alone by all.
CREATE TABLE registry_budget (
  registry text PRIMARY KEY,
  until timestamptz NOT NULL,
  remaining integer
);

CREATE TABLE verdict (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  inputs bytea NOT NULL REFERENCES document,
  subject text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('trusted', 'rejected', 'inconclusive')),
  holds_from timestamptz,
  holds_until timestamptz,
  bytes bytea NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX verdict_inputs ON verdict (inputs);
CREATE INDEX verdict_subject ON verdict (subject, created_at DESC);

CREATE TABLE request_verdict (
  request_id uuid NOT NULL REFERENCES request,
  place integer NOT NULL,
  verdict bytea NOT NULL REFERENCES verdict,
  role text NOT NULL CHECK (role IN ('root', 'member', 'artifact')),
  platform text,
  at timestamptz NOT NULL,
  PRIMARY KEY (request_id, place)
);
CREATE INDEX request_verdict_verdict ON request_verdict (verdict);

-- A projection of verdict.bytes, for queries; it can be rebuilt at any time.
CREATE TABLE finding (
  verdict bytea NOT NULL REFERENCES verdict ON DELETE CASCADE,
  place integer NOT NULL,
  check_id text NOT NULL,
  code text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('pass', 'fail', 'error', 'not-applicable')),
  demand text,
  basis text NOT NULL CHECK (basis IN ('cryptographic', 'measured', 'reported', 'configured', 'none')),
  candidate bytea,
  PRIMARY KEY (verdict, place)
);
CREATE INDEX finding_code ON finding (code, outcome);

-- Everything that must not be rewritten, in the transaction that did it. The ledger sequences this table.
CREATE TABLE record (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  bytes bytea NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX record_at ON record (at, id);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'record is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON record
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TABLE idempotency (
  principal_id uuid NOT NULL REFERENCES principal,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 256),
  body_digest bytea NOT NULL CHECK (octet_length(body_digest) = 32),
  request_id uuid NOT NULL REFERENCES request,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);
CREATE INDEX idempotency_request ON idempotency (request_id);
