import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import type { Deps } from "../deps.ts";
import { handleBucketEvent } from "./handle-bucket-event.ts";

/** Versions looked up with one query. */
const BATCH = 500;

type Version = readonly [organization: string, name: string, etag: string];

/**
 * Heals lost events: a dataset in the bucket without a record is handled as if its event had come, and so is the deletion
 * of one whose record says that it is still there. Running it again changes nothing.
 */
export async function reconcileDatasets(deps: Deps): Promise<void> {
  const present = new Set<string>();
  let batch: Version[] = [];
  const flush = async () => {
    for (const [organization, name, etag] of await unknownVersions(deps, batch))
      await handle(deps, "put", organization, name, etag);
    batch = [];
  };
  for await (const { key, etag } of deps.bucket.list("datasets/")) {
    if (!key.endsWith(`/${datasetFiles.train}`)) continue;
    const [, organization = "", name = ""] = key.split("/");
    present.add(`${organization}/${name}`);
    batch.push([organization, name, etag]);
    if (batch.length === BATCH) await flush();
  }
  await flush();
  const sql = "SELECT DISTINCT organization, name FROM datasets WHERE deleted_at IS NULL";
  for (const row of await deps.database.all(sql)) {
    const [organization, name] = [row["organization"] as string, row["name"] as string];
    // Whoever was uploaded since the list was made is found by the HEAD that handling an event begins with.
    if (!present.has(`${organization}/${name}`)) await handle(deps, "delete", organization, name, null);
  }
}

/** Those that have no record, or one that says they are gone. */
async function unknownVersions({ database }: Deps, versions: readonly Version[]): Promise<Version[]> {
  if (versions.length === 0) return [];
  const rows = await database.all(
    `SELECT value FROM json_each(?1) WHERE NOT EXISTS (
       SELECT 1 FROM datasets WHERE organization = json_extract(value, '$[0]') AND name = json_extract(value, '$[1]')
         AND etag = json_extract(value, '$[2]') AND deleted_at IS NULL)`,
    JSON.stringify(versions),
  );
  return rows.map((row) => JSON.parse(row["value"] as string) as Version);
}

/** One dataset that cannot be handled must not keep the others from being healed. */
async function handle(
  deps: Deps,
  action: "put" | "delete",
  organization: string,
  name: string,
  etag: string | null,
): Promise<void> {
  const key = datasetKey(organization, name, datasetFiles.train);
  try {
    await handleBucketEvent(deps, { action, bucket: deps.config.bucketName, key, etag });
  } catch (error) {
    deps.log({ level: "error", message: "Dataset could not be reconciled", key, error: String(error) });
  }
}
