import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { InternalError, NotFoundError } from "../../shared/errors.ts";
import { freeBuffer } from "../../shared/free-buffer.ts";
import type { Deps } from "../deps.ts";
import { createDatasetRecords, type DatasetRecord } from "../records/datasets.ts";
import { createFileRecords, type FileRecord } from "../records/files.ts";
import { handleBucketEvent } from "./handle-bucket-event.ts";

export interface DatasetUpload {
  readonly organization: string;
  readonly name: string;
  readonly filename: string;
  readonly train: Uint8Array | string;
  /** Further files by name. */
  readonly others?: Readonly<Record<string, Uint8Array | string>>;
  /** Whether a job is made of it. */
  readonly tune: boolean;
  readonly requestId: string;
}

/**
 * Puts a dataset into the bucket, from where it goes the way of every other. Gives the id that its record has or will
 * have, and the etag. Bytes are freed once they are in the bucket.
 */
export async function storeDataset(deps: Deps, upload: DatasetUpload): Promise<{ id: string; etag: string }> {
  const { organization, name, filename, train, tune } = upload;
  const files = createFileRecords(deps.database, deps.now);
  const bytes = typeof train === "string" ? new TextEncoder().encode(train) : train;
  for (const [file, content] of Object.entries(upload.others ?? {}))
    await deps.bucket.put(datasetKey(organization, name, file), content);
  const id = await files.announce({ organization, dataset: name, filename, bytes: bytes.length, tune });
  const key = datasetKey(organization, name, datasetFiles.train);
  let etag: string;
  try {
    // Last, because it is what sets everything off.
    etag = await deps.bucket.put(key, bytes, { contentType: "application/jsonl" });
  } catch (error) {
    await files.withdraw(id);
    throw error;
  }
  freeBuffer(bytes);
  const known = await createDatasetRecords(deps.database).findVersion(organization, name, etag);
  if (known) await files.withdraw(id);
  return { id: known?.id ?? id, etag };
}

/** Registers an uploaded dataset now, for a caller that cannot wait for its event. Throws NotFoundError when it is gone. */
export async function registerNow(
  deps: Deps,
  organization: string,
  name: string,
  requestId: string,
): Promise<DatasetRecord> {
  const key = datasetKey(organization, name, datasetFiles.train);
  const event = { action: "put", bucket: deps.config.bucketName, key, etag: null, requestId } as const;
  const outcome = await handleBucketEvent(deps, event);
  if ("dataset" in outcome) return outcome.dataset;
  if (outcome.outcome === "deleted") throw notThere(name);
  const head = await deps.bucket.head(key);
  if (!head) throw notThere(name);
  const known = await createDatasetRecords(deps.database).findVersion(organization, name, head.etag);
  if (!known) throw new InternalError(`Dataset "${name}" could not be registered: ${outcome.reason}`);
  return known;
}

/** The dataset record behind a file, validated now if that has not happened yet. Throws NotFoundError. */
export async function datasetOfFile(
  deps: Deps,
  organization: string,
  file: FileRecord | null,
  requestId: string,
): Promise<DatasetRecord | null> {
  if (file === null || file.dataset === null) return null;
  const record = await createDatasetRecords(deps.database).find(organization, file.id);
  return record ?? registerNow(deps, organization, file.dataset, requestId);
}

function notThere(name: string): NotFoundError {
  return new NotFoundError(`Dataset "${name}" is not in the bucket any more`, { code: "dataset_gone" });
}
