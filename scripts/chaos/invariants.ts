import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { datasetKey, datasetFiles } from "../../shared/contracts/dataset.ts";
import { promptKey, tunedPromptSchema } from "../../shared/contracts/job.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

type Row = Record<string, string | number | null>;
const TERMINAL = ["succeeded", "failed", "cancelled"];
const MAX_ATTEMPTS = 3;

/** What one seed's uploads should have come to. */
export interface Expectation {
  readonly organization: string;
  readonly name: string;
  /** Good rows make a job, bad ones none, and of one that was deleted it depends on when. */
  readonly kind: "good" | "bad" | "deleted";
  readonly cancelled: boolean;
}

/** Everything that must hold once the faults are over and no job is under way. */
export async function checkInvariants(
  database: DatabaseSync,
  store: ObjectStore,
  expectations: readonly Expectation[],
): Promise<string[]> {
  const violations: string[] = [];
  const jobs = rows(database, "SELECT * FROM jobs");
  const datasets = rows(database, "SELECT * FROM datasets");
  const prompts = rows(database, "SELECT * FROM prompts");
  const by = (table: Row[], column: string, value: unknown) => table.filter((row) => row[column] === value);

  for (const { organization, name, kind, cancelled } of expectations) {
    const versions = datasets.filter((row) => row["organization"] === organization && row["name"] === name);
    const what = `dataset ${organization}/${name} (${kind})`;
    if (kind !== "deleted" && versions.length !== 1)
      violations.push(`${what}: ${versions.length} records, wanted 1`);
    const wanted = kind === "bad" ? "refused" : "accepted";
    for (const version of versions)
      if (version["status"] !== wanted) violations.push(`${what}: is ${version["status"]}, wanted ${wanted}`);
    if (kind === "deleted" && (await store.head(datasetKey(organization, name, datasetFiles.train))))
      violations.push(`${what}: still lies in the bucket`);
    const statuses = versions
      .flatMap(({ id }) => by(jobs, "dataset_id", id ?? null))
      .map(({ status }) => status);
    if (cancelled && statuses.includes("queued")) violations.push(`${what}: was cancelled and waits again`);
  }
  for (const dataset of datasets) {
    const count = by(jobs, "dataset_id", dataset["id"]).length;
    const wanted = dataset["status"] === "accepted" ? 1 : 0;
    if (count !== wanted)
      violations.push(`dataset ${dataset["id"]} (${dataset["status"]}): ${count} jobs, wanted ${wanted}`);
  }
  for (const job of jobs) violations.push(...checkJob(job, by(prompts, "job_id", job["id"])));
  for (const prompt of prompts) violations.push(...(await checkPrompt(prompt, store)));
  const untold = rows(
    database,
    `SELECT jobs.id FROM jobs JOIN webhooks USING (organization)
     WHERE status IN ('succeeded', 'failed', 'cancelled') AND NOT EXISTS (
       SELECT 1 FROM webhook_deliveries WHERE webhook_id = webhooks.id
         AND type = 'fine_tuning.job.' || jobs.status AND instr(body, jobs.id))`,
  );
  for (const { id } of untold) violations.push(`job ${id}: ended without a message to its subscriber`);
  return violations;
}

function checkJob(job: Row, prompts: Row[]): string[] {
  const violations: string[] = [];
  const say = (text: string) => violations.push(`job ${job["id"]}: ${text}`);
  if (!TERMINAL.includes(String(job["status"]))) say(`is "${job["status"]}" after everything has settled`);
  if (Number(job["attempt"]) > MAX_ATTEMPTS) say(`has had ${job["attempt"]} attempts`);
  if (Number(job["lease_token"]) < Number(job["attempt"])) say("has had more attempts than leases");
  const wanted = job["status"] === "succeeded" ? 1 : 0;
  if (prompts.length !== wanted)
    say(`is ${job["status"]} with ${prompts.length} soft prompts, wanted ${wanted}`);
  for (const { id } of prompts)
    if (id !== job["prompt_id"]) say(`names prompt ${job["prompt_id"]}, has ${id}`);
  return violations;
}

/** Every file of a registered prompt, those of a run's earlier steps included, is in the bucket as it was registered. */
async function checkPrompt(
  { id, organization, prompt_json: json }: Row,
  store: ObjectStore,
): Promise<string[]> {
  const violations: string[] = [];
  const { files } = tunedPromptSchema.parse(JSON.parse(String(json)));
  for (const [file, { sha256, bytes }] of Object.entries(files)) {
    const object = await store.get(promptKey(String(organization), String(id), file));
    const body = object && (await object.bytesBody());
    if (!body) violations.push(`prompt ${id}: has no "${file}" in the bucket`);
    else if (body.length !== bytes || createHash("sha256").update(body).digest("hex") !== sha256)
      violations.push(`prompt ${id}: has a "${file}" with other bytes than were registered`);
  }
  return violations;
}

function rows(database: DatabaseSync, sql: string): Row[] {
  return database.prepare(sql).all() as Row[];
}
