import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import type { Deps } from "../deps.ts";
import { handleBucketEvent } from "./handle-bucket-event.ts";

/** Deletes a dataset's files and stops its jobs: those that wait at once, those that run by their next heartbeat. */
export async function removeDataset(deps: Deps, organization: string, name: string): Promise<void> {
  const train = datasetKey(organization, name, datasetFiles.train);
  // The file that makes it a dataset goes first: without it the others mean nothing.
  await deps.bucket.delete(train);
  for (const file of Object.values(datasetFiles)) {
    if (file !== datasetFiles.train) await deps.bucket.delete(datasetKey(organization, name, file));
  }
  const forget =
    "UPDATE files SET deleted_at = ?3 WHERE organization = ?1 AND dataset = ?2 AND deleted_at IS NULL";
  await deps.database.run(forget, organization, name, deps.now());
  await handleBucketEvent(deps, {
    action: "delete",
    bucket: deps.config.bucketName,
    key: train,
    etag: null,
  });
}
