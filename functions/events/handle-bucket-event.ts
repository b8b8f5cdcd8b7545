import {
  datasetFiles,
  datasetKey,
  datasetLimits,
  type ValidationReport,
} from "../../shared/contracts/dataset.ts";
import { tuneSettingsSchema, type TuneSettings } from "../../shared/contracts/job.ts";
import { NotFoundError } from "../../shared/errors.ts";
import { newId, SLUG } from "../../shared/ids.ts";
import type { ObjectHead } from "../../shared/ports/object-store.ts";
import { validateDataset } from "../../shared/text/validate-dataset.ts";
import type { Deps } from "../deps.ts";
import {
  createDatasetRecords,
  insertDataset,
  markDatasetGone,
  type DatasetRecord,
} from "../records/datasets.ts";
import { createFileRecords } from "../records/files.ts";
import { insertJobEvent } from "../records/job-events.ts";
import { insertJob, stopJobsOfDataset, type NewJob } from "../records/jobs.ts";
import { createQuotaRecords } from "../records/quotas.ts";
import type { BucketEvent } from "./bucket-event.ts";

/** What became of an event; the log line says so, and tests read it. */
export type EventOutcome =
  | { readonly outcome: "ignored"; readonly reason: string }
  | { readonly outcome: "deleted"; readonly name: string }
  | {
      readonly outcome: "refused" | "accepted";
      readonly dataset: DatasetRecord;
      readonly job: string | null;
    };

/** Tokens kept free for the soft prompt when its length is still to be chosen. */
const RESERVED_VIRTUAL_TOKENS = 100;

/**
 * Turns an upload into a dataset and a job: validates what lies in the bucket now, records the version with its report,
 * and queues a job when it is good. The same object version makes at most one of each, however often its event comes.
 */
export async function handleBucketEvent(deps: Deps, event: BucketEvent): Promise<EventOutcome> {
  const outcome = await process(deps, event);
  deps.log({
    level: "info",
    message: `Bucket event ${outcome.outcome}`,
    key: event.key,
    action: event.action,
    requestId: event.requestId,
    ...("reason" in outcome ? { reason: outcome.reason } : {}),
    ...("dataset" in outcome ? { dataset: outcome.dataset.id, job: outcome.job } : {}),
  });
  return outcome;
}

async function process(deps: Deps, event: BucketEvent): Promise<EventOutcome> {
  const ignored = (reason: string): EventOutcome => ({ outcome: "ignored", reason });
  if (event.bucket !== deps.config.bucketName) return ignored(`bucket is not "${deps.config.bucketName}"`);
  const place = parseTrainKey(event.key);
  if (!place) return ignored("key is no dataset's train.jsonl");
  const head = await deps.bucket.head(event.key);
  // The event is only a hint: what counts is what lies there now, and a newer version has its own event.
  if (!head) return recordDeletion(deps, place);
  if (event.action === "delete") return ignored("object is there again");
  if (event.etag !== null && normaliseEtag(event.etag) !== head.etag)
    return ignored("object has changed since");
  const datasets = createDatasetRecords(deps.database);
  const known = await datasets.findVersion(place.organization, place.name, head.etag);
  if (known) {
    if (known.deletedAt !== null) await datasets.revive(place.organization, known.id);
    return ignored("object version is known");
  }
  const { rows, jobs } = await createQuotaRecords(deps.database, deps.now).get(place.organization);
  // Nothing is lost: the scheduled run finds the dataset again, on a day that has room for it.
  if (rows.used >= rows.limit || jobs.used >= jobs.limit) return ignored("quota is used up for today");
  return registerVersion(deps, place, head, event.requestId);
}

async function recordDeletion(deps: Deps, { organization, name }: DatasetPlace): Promise<EventOutcome> {
  const time = deps.now();
  const [changed] = await deps.database.transaction([
    markDatasetGone(organization, name, time),
    ...stopJobsOfDataset(organization, name, time),
  ]);
  return changed === 0 ? { outcome: "ignored", reason: "object is gone" } : { outcome: "deleted", name };
}

async function registerVersion(
  deps: Deps,
  place: DatasetPlace,
  head: ObjectHead,
  requestId: string | undefined,
): Promise<EventOutcome> {
  const { organization, name } = place;
  const { settings, report } = await inspect(deps, place, head);
  const status = report.errorCount === 0 ? "accepted" : "refused";
  const time = deps.now();
  const upload = await createFileRecords(deps.database, deps.now).awaited(organization, name);
  const dataset: DatasetRecord = {
    id: upload?.id ?? newId("file", time),
    organization,
    name,
    etag: head.etag,
    bytes: head.bytes,
    status,
    report,
    createdAt: time,
    deletedAt: null,
  };
  const statements = [insertDataset(dataset)];
  let jobId: string | null = null;
  if (status === "accepted" && settings && upload?.tune !== false) {
    const job: NewJob = {
      id: newId("job", time),
      organization,
      datasetId: dataset.id,
      eventKey: `${head.key}@${head.etag}`,
      baseModel: settings.base_model ?? deps.config.defaultModel,
      suffix: settings.suffix ?? name,
      settings,
      createdAt: time,
      requestId: requestId ?? null,
    };
    jobId = job.id;
    const message = `Created by upload of dataset "${name}": ${report.rows} rows`;
    statements.push(insertJob(job), insertJobEvent(job.id, time, { message }));
  }
  const [inserted] = await deps.database.transaction(statements);
  return inserted === 0
    ? { outcome: "ignored", reason: "object version is known" }
    : { outcome: status, dataset, job: jobId };
}

/** Reads settings and rows; whatever is wrong with either ends up in the report. */
async function inspect(
  deps: Deps,
  place: DatasetPlace,
  head: ObjectHead,
): Promise<{ settings: TuneSettings | null; report: ValidationReport }> {
  const refuse = (code: "too_large" | "invalid_row" | "no_rows", message: string) => ({
    settings: null,
    report: { rows: 0, format: null, errorCount: 1, errors: [{ line: 0, code, message }], labels: null },
  });
  if (head.bytes > datasetLimits.bytes) {
    return refuse("too_large", `Dataset has ${head.bytes} bytes, at most ${datasetLimits.bytes} are allowed`);
  }
  const settings = await readSettings(deps, place);
  if (typeof settings === "string") return refuse("invalid_row", settings);
  const baseModel = settings.base_model ?? deps.config.defaultModel;
  let manifest;
  try {
    manifest = await deps.models.manifest(baseModel);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return refuse(
      "invalid_row",
      `"${datasetFiles.settings}" names base model "${baseModel}", which does not exist`,
    );
  }
  const object = await deps.bucket.get(head.key);
  if (!object) return refuse("no_rows", "Dataset was deleted while it was read");
  const virtualTokens =
    settings.virtual_tokens === "auto" ? RESERVED_VIRTUAL_TOKENS : settings.virtual_tokens;
  const maxTokens = manifest.architecture.contextLength - virtualTokens;
  return {
    settings,
    report: await validateDataset(object.body, await deps.models.tokenizer(baseModel), maxTokens),
  };
}

/** The settings beside the dataset, or a sentence about what is wrong with them. */
async function readSettings(
  deps: Deps,
  { organization, name }: DatasetPlace,
): Promise<TuneSettings | string> {
  const object = await deps.bucket.get(datasetKey(organization, name, datasetFiles.settings));
  if (!object) return tuneSettingsSchema.parse({});
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await object.bytesBody()));
  } catch (cause) {
    return `"${datasetFiles.settings}" is not JSON: ${(cause as SyntaxError).message}`;
  }
  const result = tuneSettingsSchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return `"${datasetFiles.settings}" has a wrong "${issue?.path.join(".")}": ${issue?.message}`;
}

interface DatasetPlace {
  readonly organization: string;
  readonly name: string;
}

/** `datasets/<organization>/<name>/train.jsonl`, and nothing that only looks like it. */
function parseTrainKey(key: string): DatasetPlace | null {
  const [root, organization = "", name = "", file, ...rest] = key.split("/");
  const fits = root === "datasets" && file === datasetFiles.train && rest.length === 0;
  return fits && SLUG.test(organization) && SLUG.test(name) ? { organization, name } : null;
}

/** S3's events and HTTP headers quote etags, R2's do not. */
function normaliseEtag(etag: string): string {
  return etag.replaceAll('"', "");
}
