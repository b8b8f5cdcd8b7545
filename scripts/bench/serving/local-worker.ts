import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { z } from "zod";
import { createS3Store } from "../../../trainer/adapters/s3.ts";
import { uploadBundle } from "../../../trainer/model/bundle.ts";
import { callApi } from "../../dev/api.ts";
import { newAdminKey } from "../../dev/credentials.ts";
import { importDefaultModel } from "../../dev/default-model.ts";
import type { Output } from "../../dev/output.ts";
import { root } from "../../dev/paths.ts";
import { migrateDatabase } from "../../dev/worker.ts";
import { startBuiltWorker, type BuiltWorker } from "./built-worker.ts";

/** The built Worker in a workerd of its own, with the base model in its bucket; no trainer, since nothing is tuned. */
export interface LocalWorker extends Omit<BuiltWorker, "entryUrl"> {
  readonly apiKey: string;
}

/** miniflare's own S3 endpoint of the local R2. */
const LOCAL_S3_PATH = "/cdn-cgi/local/r2/s3";
const USUAL_KEY = { scopes: ["inference", "datasets"] };

/** Starts workerd on a free port of 127.0.0.1; its state lies in `FOREWORD_STATE`. Throws when it does not come up. */
export async function startLocalWorker(
  output: Output,
  key: { scopes: readonly string[]; requests_per_minute?: number } = USUAL_KEY,
): Promise<LocalWorker> {
  const modelFolder = await importDefaultModel(output);
  const adminKey = newAdminKey();
  await migrateDatabase();
  output.line("Bundling the Worker and starting workerd");
  const { entryUrl, ...worker } = await startBuiltWorker(adminKey);
  try {
    const store = createS3Store({ endpoint: entryUrl + LOCAL_S3_PATH, ...bucketAccess() });
    await uploadBundle(store, modelFolder);
    const request = { name: "Benchmark", organization: "bench", ...key };
    const { data } = await callApi(worker.url, adminKey, "/v1/keys", z.object({ key: z.string() }), request);
    return { ...worker, apiKey: data.key };
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

const bucketSchema = z.object({
  r2_buckets: z.tuple([
    z.object({
      bucket_name: z.string(),
      local_dev: z.object({
        experimental_s3_credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
      }),
    }),
  ]),
});

/** How workerd's local R2 was configured. Throws when wrangler.toml has no local credentials. */
function bucketAccess() {
  const config: unknown = unstable_readConfig(
    { config: join(root, "wrangler.toml") },
    { hideWarnings: true },
  );
  const [{ bucket_name: bucket, local_dev: local }] = bucketSchema.parse(config).r2_buckets;
  return { ...local.experimental_s3_credentials, bucket, region: "auto" };
}
