import { join } from "node:path";
import { mkdir, stat, writeFile } from "node:fs/promises";
import type { Deps } from "../../functions/deps.ts";
import { handleBucketEvent } from "../../functions/events/handle-bucket-event.ts";
import { recordEvents } from "../../functions/experiments/consume-events.ts";
import { createModelCatalog } from "../../functions/inference/model-catalog.ts";
import { bundleFiles, modelKey, type ModelManifest } from "../../shared/contracts/model.ts";
import { UnavailableError } from "../../shared/errors.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { loadNodeEngine, type NodeEngineOptions } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { DEFAULT_MODEL } from "../../trainer/model/minimind.ts";
import { createSendWebhook } from "./send-webhook.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";

export interface NodeDepsOptions {
  readonly bucket: ObjectStore;
  /** Database and decode graphs lie here. */
  readonly folder: string;
  readonly adminKey: string;
  readonly engine?: NodeEngineOptions;
}

/** What the app needs, from Node: SQLite for records, a bucket, onnxruntime-node for inference, no queue in between. */
export function createNodeDeps({ bucket, folder, adminKey, engine }: NodeDepsOptions): Deps {
  const deps: Deps = {
    config: { bucketName: "foreword", adminKey, defaultModel: DEFAULT_MODEL },
    database: openSqliteDatabase(join(folder, "foreword.sqlite")),
    bucket,
    models: createModelCatalog({
      store: bucket,
      createEngine: async (manifest, store) =>
        loadNodeEngine(await decodeGraphFile(manifest, store, folder), manifest.architecture, engine),
      now: Date.now,
    }),
    enqueue: async (events) => {
      for (const event of events) await handleBucketEvent(deps, event);
    },
    enqueueExperiments: (messages) => recordEvents(deps, messages),
    sendWebhook: createSendWebhook(),
    now: Date.now,
    log: ({ level, ...entry }) => console[level](JSON.stringify(entry)),
  };
  return deps;
}

/** onnxruntime loads from a file: the bucket's decode graph, fetched once per version. */
async function decodeGraphFile(manifest: ModelManifest, store: ObjectStore, folder: string): Promise<string> {
  const record = manifest.files[bundleFiles.decodeGraph];
  const path = join(folder, "graphs", `${record?.sha256 ?? "unknown"}.ort`);
  const there = await stat(path).catch(() => null);
  if (there?.size === record?.bytes) return path;
  const object = await store.get(modelKey(manifest.name, bundleFiles.decodeGraph));
  if (!object) throw new UnavailableError(`The bucket has no decode graph of "${manifest.name}"`);
  await mkdir(join(folder, "graphs"), { recursive: true });
  await writeFile(path, await object.bytesBody());
  return path;
}
