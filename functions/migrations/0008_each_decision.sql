-- A promotion may be rolled back, a pause resumed: each decision is a message of its own, named by the version that it made,
-- with zeros in front so that the names sort as the decisions came.
DROP TRIGGER experiments_decided;
CREATE TRIGGER experiments_decided AFTER UPDATE OF status ON experiments
WHEN NEW.status IN ('paused', 'promoted', 'rolled_back', 'stopped') AND NEW.status <> OLD.status
BEGIN
  INSERT INTO webhook_deliveries (id, webhook_id, message_id, type, body, status, next_attempt_at, created_at)
  SELECT 'whd_' || substr(NEW.id, 5) || '_' || substr('00000' || NEW.version, -6) || '_' || substr(webhooks.id, 4), webhooks.id,
         'msg_' || substr(NEW.id, 5) || '_' || substr('00000' || NEW.version, -6), 'experiment.' || NEW.status,
         json_object('id', 'msg_' || substr(NEW.id, 5) || '_' || substr('00000' || NEW.version, -6), 'object', 'event',
                     'created_at', CAST(strftime('%s', 'now') AS INTEGER),
                     'type', 'experiment.' || NEW.status, 'data', json_object('id', NEW.id)),
         'pending', CAST(strftime('%s', 'now') AS INTEGER) * 1000, CAST(strftime('%s', 'now') AS INTEGER) * 1000
  FROM webhooks
  WHERE organization = NEW.organization AND deleted_at IS NULL
    AND EXISTS (SELECT 1 FROM json_each(events_json) WHERE value = 'experiment.' || NEW.status);
END;
