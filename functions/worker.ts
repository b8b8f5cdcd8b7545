import { createD1Database } from "./adapters/d1.ts";
import { createR2Store } from "./adapters/r2.ts";
import { createS3Store, createUploadSigner, parseBucketUrl } from "./adapters/s3.ts";
import { createApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { consumeBucketEvents, keepDeadLetters } from "./events/consume-queue.ts";
import { consumeExperimentEvents } from "./experiments/consume-events.ts";
import { runScheduled } from "./events/run-scheduled.ts";
import { createModelCatalog } from "./inference/model-catalog.ts";
import { chooseEngine } from "./kernel/choose-engine.ts";

/**
 * Bindings of wrangler.toml, the deployment's secret, which engine runs models ("kernel" or "onnxruntime"), and how long a
 * trainer may be silent.
 */
type WorkerEnv = Env & {
  readonly ADMIN_KEY?: string;
  readonly ENGINE?: string;
  readonly LEASE_SECONDS?: string;
  /** A bucket outside R2, to be used in its place: `https://<key id>:<secret>@<endpoint>/<bucket>?region=<region>`. */
  readonly BUCKET_URL?: string;
  /** The same for R2 itself: with it, uploads go to the bucket by presigned URLs. */
  readonly BUCKET_S3_URL?: string;
  /** Secrets that sign bucket notifications, with spaces between them. */
  readonly EVENTS_SECRET?: string;
};

const consumers: Readonly<Record<string, typeof keepDeadLetters>> = {
  "foreword-bucket-events": consumeBucketEvents,
  "foreword-experiment-events": consumeExperimentEvents,
  "foreword-dead-letters": keepDeadLetters,
};
/** A queue takes 256 KB at once; experiment messages have up to 100. */
const MESSAGES_PER_SEND = 2;

/** Models, prefixes and the router are kept for as long as the isolate lives; an isolate has one environment. */
let cached: { env: WorkerEnv; deps: Deps; app: ReturnType<typeof createApp> } | undefined;

function forEnvironment(env: WorkerEnv) {
  if (cached?.env !== env) {
    const deps = createDeps(env);
    cached = { env, deps, app: createApp(deps) };
  }
  return cached;
}

function createDeps(env: WorkerEnv): Deps {
  const s3Url = env.BUCKET_URL ?? env.BUCKET_S3_URL;
  const bucket = env.BUCKET_URL === undefined ? createR2Store(env.BUCKET) : createS3Store(env.BUCKET_URL);
  return {
    config: {
      bucketName: env.BUCKET_URL === undefined ? "foreword" : parseBucketUrl(env.BUCKET_URL).bucket,
      adminKey: env.ADMIN_KEY ?? "",
      defaultModel: "minimind2-small",
      leaseMs: env.LEASE_SECONDS === undefined ? undefined : Number(env.LEASE_SECONDS) * 1000,
      eventSecrets: env.EVENTS_SECRET?.split(" ").filter((secret) => secret !== ""),
    },
    database: createD1Database(env.DB),
    bucket,
    signUpload: s3Url === undefined ? undefined : createUploadSigner(s3Url),
    models: createModelCatalog({
      store: bucket,
      createEngine: chooseEngine(env.ENGINE),
      now: Date.now,
    }),
    enqueue: async (events) => {
      await env.BUCKET_EVENTS.sendBatch(events.map((body) => ({ body })));
    },
    enqueueExperiments: async (messages) => {
      for (let i = 0; i < messages.length; i += MESSAGES_PER_SEND) {
        const some = messages.slice(i, i + MESSAGES_PER_SEND);
        await env.EXPERIMENT_EVENTS.sendBatch(some.map((body) => ({ body })));
      }
    },
    now: Date.now,
    log: ({ level, ...entry }) => console[level](JSON.stringify(entry)),
  };
}

export default {
  fetch: (request, env, context) => forEnvironment(env).app.fetch(request, env, context),
  async queue(batch, env) {
    const { deps } = forEnvironment(env);
    await (consumers[batch.queue] ?? keepDeadLetters)(deps, batch.messages);
  },
  async scheduled(_controller, env) {
    await runScheduled(forEnvironment(env).deps);
  },
} satisfies ExportedHandler<WorkerEnv>;
