-- Times are milliseconds since 1970, as the Worker's clock gives them; columns named *_json hold JSON.

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  name TEXT NOT NULL,
  -- The key itself is shown once and never stored.
  sha256 TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  scopes_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
);
CREATE INDEX keys_by_organization ON keys (organization, id);

-- One row for each version of a dataset; a version is the etag of its train.jsonl.
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  name TEXT NOT NULL,
  etag TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('accepted', 'refused')),
  report_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (organization, name, etag)
);
CREATE INDEX datasets_by_name ON datasets (organization, name, created_at);

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  dataset_id TEXT NOT NULL REFERENCES datasets (id),
  -- The object version that made the job: the same one never makes a second. NULL for jobs made over the API.
  event_key TEXT UNIQUE,
  base_model TEXT NOT NULL,
  suffix TEXT NOT NULL,
  settings_json TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0,
  -- Fencing token: grows with each lease, and only its holder may write.
  lease_token INTEGER NOT NULL DEFAULT 0,
  lease_expires_at INTEGER,
  -- The soft prompt of the present attempt.
  prompt_id TEXT,
  progress_json TEXT,
  error_json TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
);
CREATE INDEX jobs_by_organization ON jobs (organization, id);
CREATE INDEX jobs_to_lease ON jobs (status, created_at);

CREATE TABLE job_events (
  id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL REFERENCES jobs (id),
  level TEXT NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  type TEXT NOT NULL CHECK (type IN ('message', 'metrics')),
  message TEXT NOT NULL,
  data_json TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX job_events_by_job ON job_events (job_id, id);

CREATE TABLE prompts (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  -- The name under which the tuned model is called.
  model TEXT NOT NULL UNIQUE,
  base_model TEXT NOT NULL,
  job_id TEXT UNIQUE REFERENCES jobs (id),
  dataset_id TEXT REFERENCES datasets (id),
  prompt_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
);
CREATE INDEX prompts_by_organization ON prompts (organization, id);

-- Messages that no retry could deliver, kept for whoever operates the service.
CREATE TABLE dead_letters (
  id TEXT PRIMARY KEY,
  body_json TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
