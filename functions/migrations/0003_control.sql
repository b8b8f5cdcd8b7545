-- The control plane: files, fair and limited jobs, idempotent calls, quotas, audit, webhooks.

ALTER TABLE datasets ADD COLUMN deleted_at INTEGER;
CREATE INDEX datasets_by_organization ON datasets (organization, id);

-- Uploads over the API, from before their bytes lie in the bucket: their ids become the ids of the dataset versions.
CREATE TABLE files (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  -- Name of the dataset that the bytes become.
  dataset TEXT NOT NULL,
  filename TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  -- 0: registering the dataset makes no job, somebody is about to create one.
  tune INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
);
CREATE INDEX files_by_organization ON files (organization, id);
CREATE INDEX files_by_dataset ON files (organization, dataset, id);

-- Permissions to upload one dataset without a key; only the token's digest is kept.
CREATE TABLE upload_tokens (
  sha256 TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  dataset TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
);

-- Larger goes first, within an organisation: between them turns decide.
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN attempt_started_at INTEGER;
-- Why a running job is to stop, other than by its user: 'dataset_gone' or 'time_limit'.
ALTER TABLE jobs ADD COLUMN stop_reason TEXT;
-- The trainer's own name for its call: asked again, it gets the same job.
ALTER TABLE jobs ADD COLUMN lease_request TEXT;
ALTER TABLE jobs ADD COLUMN validation_dataset_id TEXT;
ALTER TABLE jobs ADD COLUMN metadata_json TEXT;
-- The call or event that made the job, for following it through the logs.
ALTER TABLE jobs ADD COLUMN request_id TEXT;
DROP INDEX jobs_to_lease;
CREATE INDEX jobs_waiting ON jobs (organization, priority DESC, created_at, id) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (lease_expires_at) WHERE status = 'running';
CREATE INDEX jobs_by_dataset ON jobs (dataset_id);

-- When each organisation last had a job given out; the one that has waited longest is next.
CREATE TABLE turns (
  organization TEXT PRIMARY KEY,
  number INTEGER NOT NULL
);
CREATE INDEX turns_by_number ON turns (number);
CREATE TRIGGER jobs_claimed AFTER UPDATE OF lease_token ON jobs WHEN NEW.lease_token > OLD.lease_token
BEGIN
  INSERT INTO turns (organization, number)
  VALUES (NEW.organization, (SELECT COALESCE(MAX(number), 0) + 1 FROM turns))
  ON CONFLICT (organization) DO UPDATE SET number = excluded.number;
END;

CREATE TRIGGER jobs_ended_stay_ended BEFORE UPDATE OF status ON jobs
WHEN OLD.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status
BEGIN
  SELECT RAISE(ABORT, 'a job that has ended stays as it is');
END;

-- Limits that differ from the deployment's; NULL means the usual one.
CREATE TABLE quotas (
  organization TEXT PRIMARY KEY,
  rows_per_day INTEGER,
  jobs_per_day INTEGER,
  tokens_per_day INTEGER
);
-- Days count from 1970, in UTC.
CREATE TABLE usage (
  organization TEXT NOT NULL,
  day INTEGER NOT NULL,
  rows INTEGER NOT NULL DEFAULT 0,
  jobs INTEGER NOT NULL DEFAULT 0,
  tokens INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (organization, day)
);
CREATE TRIGGER jobs_counted AFTER INSERT ON jobs
BEGIN
  INSERT INTO usage (organization, day, jobs) VALUES (NEW.organization, NEW.created_at / 86400000, 1)
  ON CONFLICT (organization, day) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER datasets_counted AFTER INSERT ON datasets
BEGIN
  INSERT INTO usage (organization, day, rows)
  VALUES (NEW.organization, NEW.created_at / 86400000, json_extract(NEW.report_json, '$.rows'))
  ON CONFLICT (organization, day) DO UPDATE SET rows = rows + excluded.rows;
END;

-- Answers of calls that carried an Idempotency-Key, encrypted for their caller; no status yet means under way.
CREATE TABLE idempotent_calls (
  id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  status INTEGER,
  content_type TEXT,
  answer TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX idempotent_calls_by_time ON idempotent_calls (created_at);

CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  key_id TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  status INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX audit_log_by_organization ON audit_log (organization, id);

ALTER TABLE dead_letters ADD COLUMN resent_at INTEGER;

CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  organization TEXT NOT NULL,
  url TEXT NOT NULL,
  -- JSON array of event types.
  events_json TEXT NOT NULL,
  -- Needed in the clear: every delivery is signed with it.
  secret TEXT NOT NULL,
  -- After a rotation the old one signs too, for a day.
  old_secret TEXT,
  old_secret_until INTEGER,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
);
CREATE INDEX webhooks_by_organization ON webhooks (organization, id);

CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY,
  webhook_id TEXT NOT NULL REFERENCES webhooks (id),
  -- Says to the receiver which message this is, whichever attempt brings it.
  message_id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  last_status INTEGER,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  delivered_at INTEGER
);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';

-- Whatever ends a job, its subscribers hear of it: the message is written in the same transaction as the end.
CREATE TRIGGER jobs_ended AFTER UPDATE OF status ON jobs
WHEN NEW.status IN ('succeeded', 'failed', 'cancelled') AND NEW.status <> OLD.status
BEGIN
  INSERT INTO webhook_deliveries (id, webhook_id, message_id, type, body, status, next_attempt_at, created_at)
  SELECT 'whd_' || substr(NEW.id, 7) || '_' || substr(webhooks.id, 4), webhooks.id, 'msg_' || substr(NEW.id, 7),
         'fine_tuning.job.' || NEW.status,
         json_object('id', 'msg_' || substr(NEW.id, 7), 'object', 'event', 'created_at', NEW.finished_at / 1000,
                     'type', 'fine_tuning.job.' || NEW.status, 'data', json_object('id', NEW.id)),
         'pending', NEW.finished_at, NEW.finished_at
  FROM webhooks
  WHERE organization = NEW.organization AND deleted_at IS NULL
    AND EXISTS (SELECT 1 FROM json_each(events_json) WHERE value = 'fine_tuning.job.' || NEW.status);
END;
