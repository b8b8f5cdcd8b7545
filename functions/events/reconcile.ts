import { datasetFiles } from "../../shared/contracts/dataset.ts";
import type { Deps } from "../deps.ts";
import { handleBucketEvent } from "./handle-bucket-event.ts";

/** Heals lost events: whatever dataset lies in the bucket without a record is handled as if its event had come. */
export async function reconcileDatasets(deps: Deps): Promise<void> {
  for await (const { key, etag } of deps.bucket.list("datasets/")) {
    if (!key.endsWith(`/${datasetFiles.train}`)) continue;
    const [, organization = "", name = ""] = key.split("/");
    const sql = "SELECT 1 AS known FROM datasets WHERE organization = ?1 AND name = ?2 AND etag = ?3";
    if (await deps.database.first(sql, organization, name, etag)) continue;
    await handleBucketEvent(deps, { action: "put", bucket: deps.config.bucketName, key, etag });
  }
}
