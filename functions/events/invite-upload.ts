import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import type { Deps } from "../deps.ts";
import { createFileRecords } from "../records/files.ts";
import { createUploadTokens, LIFETIME_MS } from "../records/upload-tokens.ts";

export interface UploadInvitation {
  readonly organization: string;
  readonly name: string;
  /** Files that are there before `train.jsonl`, by name: writing that one sets everything off. */
  readonly others: Readonly<Record<string, string>>;
  readonly tune: boolean;
}

/**
 * A URL to upload a dataset's `train.jsonl` to without a key, for an hour. Where the bucket's S3 API is configured it is the
 * bucket's own (`direct`), takes files of any size that a dataset may have, and the dataset is registered by the bucket's
 * event; elsewhere it is a path of this server, which registers it with the upload. `expiresAt` is in milliseconds since 1970.
 */
export async function inviteUpload(
  deps: Deps,
  { organization, name, others, tune }: UploadInvitation,
  server: string,
): Promise<{ url: string; expiresAt: number; direct: boolean }> {
  for (const [file, content] of Object.entries(others))
    await deps.bucket.put(datasetKey(organization, name, file), content);
  if (!deps.signUpload) {
    const { token, expiresAt } = await createUploadTokens(deps).create(organization, name, tune);
    return { url: new URL(`/uploads/${token}`, server).href, expiresAt, direct: false };
  }
  const upload = { organization, dataset: name, filename: `${name}.jsonl`, bytes: 0, tune };
  // A bucket's event does not say whether somebody wants a job of it.
  if (!tune) await createFileRecords(deps.database, deps.now).announce(upload);
  const key = datasetKey(organization, name, datasetFiles.train);
  const url = await deps.signUpload(key, LIFETIME_MS / 1000);
  return { url, expiresAt: deps.now() + LIFETIME_MS, direct: true };
}
