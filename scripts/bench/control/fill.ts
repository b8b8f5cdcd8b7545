import { DatabaseSync } from "node:sqlite";
import { tuneSettingsSchema } from "../../../shared/contracts/job.ts";
import { newId } from "../../../shared/ids.ts";

/** Brings an organisation's datasets and queued jobs up to `count` each, straight into the database of a stopped Worker. */
export function fill(file: string, organization: string, count: number): { dataset: string; job: string } {
  // The Worker that was killed may take a moment to let go of the file.
  const database = new DatabaseSync(file, { timeout: 10_000 });
  const report = JSON.stringify({
    rows: 1000,
    format: "completion",
    errorCount: 0,
    errors: [],
    labels: null,
  });
  const settings = JSON.stringify(tuneSettingsSchema.parse({}));
  const dataset = database.prepare(
    `INSERT INTO datasets (id, organization, name, etag, bytes, status, report_json, created_at)
     VALUES (?, ?, ?, ?, 1000, 'accepted', ?, ?)`,
  );
  const job = database.prepare(
    `INSERT INTO jobs (id, organization, dataset_id, event_key, base_model, suffix, settings_json, status, created_at)
     VALUES (?, ?, ?, ?, 'none', ?, ?, 'queued', ?)`,
  );
  const { n } = database
    .prepare("SELECT COUNT(*) AS n FROM datasets WHERE organization = ?")
    .get(organization) as { n: number };
  let ids = { dataset: "", job: "" };
  database.exec("BEGIN");
  for (let i = n; i < count; i++) {
    const time = Date.now();
    ids = { dataset: newId("file", time), job: newId("job", time) };
    const name = `data-${organization}-${i}`;
    dataset.run(ids.dataset, organization, name, `etag-${i}`, report, time);
    job.run(ids.job, organization, ids.dataset, name, name, settings, time);
  }
  database.exec("COMMIT");
  database.close();
  return ids;
}
