import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { z } from "zod";
import { createS3Store } from "../../trainer/adapters/s3.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { ApiError, callApi } from "./api.ts";
import { startChild, type Child } from "./child.ts";
import { newAdminKey, readCredentials, writeCredentials, type Credentials } from "./credentials.ts";
import { importDefaultModel } from "./default-model.ts";
import type { StackOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { root, stateFolder } from "./paths.ts";
import { requireFreePort } from "./ports.ts";
import { startS3Endpoint } from "./s3/endpoint.ts";
import { migrateDatabase, startClock, startWorker } from "./worker.ts";

/** The organisation that the local stack's API key belongs to. */
export const LOCAL_ORGANIZATION = "local";

export interface Stack {
  readonly url: string;
  readonly credentials: Credentials;
  readonly bucket: ObjectStore;
  /** Rejects when a part of the stack ends by itself. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Starts everything on this machine: workerd, the S3 endpoint in front of its bucket, and the trainer. Throws when a port
 * is in use or a part does not come up; whatever had been started is stopped then.
 */
export async function startStack(options: StackOptions, output: Output): Promise<Stack> {
  await requireFreePort(options.port, "PORT");
  await requireFreePort(options.s3Port, "S3_PORT");
  const modelFolder = await importDefaultModel(output);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.toReversed()) await part.stop();
  };
  try {
    return await startParts(options, modelFolder, output, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: StackOptions,
  modelFolder: string,
  output: Output,
  started: { stop(): Promise<void> }[],
  stop: () => Promise<void>,
): Promise<Stack> {
  output.line("Starting workerd with the edge functions, R2, D1 and Queues");
  const url = `http://127.0.0.1:${options.port}`;
  const known = readCredentials();
  const adminKey = known?.adminKey ?? newAdminKey();
  await migrateDatabase();
  const worker = await startWorker(options.port, adminKey);
  started.push(worker);

  started.push(startClock(url, (error) => output.line(`Scheduled run failed: ${String(error)}`)));

  const s3Credentials = localS3Credentials();
  const s3 = await startS3Endpoint({
    port: options.s3Port,
    upstream: url,
    credentials: s3Credentials,
    onEvent: async (event) => {
      await callApi(url, adminKey, "/v1/bucket-events", z.object({}), event);
    },
  });
  started.push({ stop: () => s3.close() });

  const credentials: Credentials = {
    ...((await stillValid(url, known)) ?? (await newKeys(url, adminKey))),
    adminKey,
    s3: { endpoint: s3.url, ...s3Credentials, bucket: "foreword", region: "auto" },
  };
  writeCredentials(credentials);

  const bucket = createS3Store(credentials.s3);
  await uploadBundle(bucket, modelFolder);
  const trainer = startTrainer(url, credentials);
  started.push(trainer);
  // The key is in the fragment, which no server sees; the page takes it out of the address bar.
  output.line(`Dashboard   ${url}/#key=${credentials.apiKey}`);
  output.line(`API         ${url}`);
  output.line(`S3 endpoint ${s3.url} (bucket "foreword")`);
  return { url, credentials, bucket, died: Promise.race([worker.died, trainer.died]), stop };
}

function startTrainer(url: string, { trainerKey, s3 }: Credentials): Child {
  const bucket = new URL(`${s3.endpoint}/${s3.bucket}?region=${s3.region}`);
  bucket.username = s3.accessKeyId;
  bucket.password = s3.secretAccessKey;
  return startChild("trainer", [join(root, "trainer/main.ts")], {
    FOREWORD_URL: url,
    FOREWORD_TRAINER_KEY: trainerKey,
    FOREWORD_BUCKET: bucket.href,
    FOREWORD_WORK_DIRECTORY: join(stateFolder, "trainer"),
    FOREWORD_HEARTBEAT_SECONDS: "1",
  });
}

/** The keys of an earlier start, if the database still knows them. */
async function stillValid(url: string, known: Credentials | null) {
  if (!known) return null;
  try {
    await callApi(url, known.apiKey, "/v1/models", z.object({}));
    return { apiKey: known.apiKey, trainerKey: known.trainerKey };
  } catch (error) {
    if (error instanceof ApiError && error.httpStatus === 401) return null;
    throw error;
  }
}

async function newKeys(url: string, adminKey: string) {
  const create = async (name: string, scopes?: string[]) => {
    const body = { name, organization: LOCAL_ORGANIZATION, scopes };
    return (await callApi(url, adminKey, "/v1/keys", z.object({ key: z.string() }), body)).data.key;
  };
  return { apiKey: await create("Local stack"), trainerKey: await create("Local trainer", ["trainer"]) };
}

const localBucketSchema = z.object({
  r2_buckets: z.tuple([
    z.object({
      local_dev: z.object({
        experimental_s3_credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
      }),
    }),
  ]),
});

/** The credentials that workerd's local R2 was configured with. Throws when wrangler.toml has none. */
function localS3Credentials() {
  const config: unknown = unstable_readConfig(
    { config: join(root, "wrangler.toml") },
    { hideWarnings: true },
  );
  return localBucketSchema.parse(config).r2_buckets[0].local_dev.experimental_s3_credentials;
}
