import { DatabaseSync } from "node:sqlite";

/** One change of a job's row, as the database itself wrote it down. Times are milliseconds since 1970. */
interface Change {
  readonly job_id: string;
  readonly at: number;
  readonly old_status: string;
  readonly new_status: string;
  readonly old_token: number;
  readonly new_token: number;
  readonly old_attempt: number;
  readonly new_attempt: number;
  readonly old_expires_at: number | null;
  readonly failed: number;
}

const ENDED = ["succeeded", "failed", "cancelled"];

/**
 * Lets the database keep a ledger of every change of a lease or a status, in the transaction that makes it: what held only
 * for a moment is seen too. A job is given back with a time to wait until when its trainer failed, and only then: the same
 * error twice would not tell. Call it before the Worker starts.
 */
export function keepLedger(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE chaos_ledger (
      seq INTEGER PRIMARY KEY, job_id TEXT, at REAL, old_status TEXT, new_status TEXT, old_token INTEGER, new_token INTEGER,
      old_attempt INTEGER, new_attempt INTEGER, old_expires_at REAL, failed INTEGER);
    CREATE TRIGGER chaos_watch AFTER UPDATE ON jobs WHEN OLD.status <> NEW.status OR OLD.lease_token <> NEW.lease_token
    BEGIN
      INSERT INTO chaos_ledger VALUES (NULL, NEW.id, unixepoch('subsec') * 1000, OLD.status, NEW.status, OLD.lease_token,
        NEW.lease_token, OLD.attempt, NEW.attempt, OLD.lease_expires_at, NEW.lease_expires_at IS NOT NULL);
    END;`);
  database.close();
}

/** What the ledger says against: one live lease a job, tokens that only grow, ends that are final. */
export function checkLedger(database: DatabaseSync): string[] {
  const changes = database.prepare("SELECT * FROM chaos_ledger ORDER BY seq").all();
  return changes.flatMap((row) => {
    const change = row as unknown as Change;
    return Array.from(complaints(change), (text) => `job ${change.job_id}: ${text}`);
  });
}

function* complaints(change: Change): Generator<string> {
  const { old_status: before, new_status: after, old_token: token, new_token: next } = change;
  if (ENDED.includes(before) && before !== after) yield `"${before}" became "${after}"`;
  if (next < token) yield `token fell from ${token} to ${next}`;
  if (next > token) {
    if (before !== "queued" || after !== "running")
      yield `was leased anew with token ${next} while it was "${before}"`;
    if (next !== token + 1 || change.new_attempt !== change.old_attempt + 1)
      yield `leapt from token ${token}, attempt ${change.old_attempt} to ${next}, ${change.new_attempt}`;
  }
  if (before === "running" && after === "queued") {
    const expired = (change.old_expires_at ?? 0) < change.at;
    const released = change.new_attempt === change.old_attempt - 1;
    if (!expired && !released && !change.failed)
      yield `was taken from the holder of token ${token}, whose lease was good for another ${(change.old_expires_at ?? 0) - change.at} ms`;
  }
}
