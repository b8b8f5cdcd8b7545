import type { Deps, LogEntry } from "../../functions/deps.ts";
import type { ExperimentMessage } from "../../functions/experiments/events.ts";
import { experimentInputSchema } from "../../shared/contracts/experiment.ts";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { NotFoundError } from "../../shared/errors.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { openSqliteDatabase } from "../../scripts/serve-node/sqlite-database.ts";

export interface FakeDeps extends Deps {
  readonly sent: ExperimentMessage[];
  readonly logged: LogEntry[];
  time: number;
}

/** Base models by name, with the digest of their tokenizer: all that experiments ask of them. */
export function createFakeDeps(
  tokenizers: Readonly<Record<string, string>> = { base: "t1", other: "t1" },
): FakeDeps {
  const manifest = async (name: string) => {
    const sha256 = tokenizers[name];
    if (sha256 === undefined)
      throw new NotFoundError(`No such model: "${name}"`, { code: "model_not_found" });
    return { name, files: { "tokenizer.json": { bytes: 1, sha256 } } } as unknown as ModelManifest;
  };
  const unused = () => Promise.reject(new Error("This test runs no model"));
  const sent: ExperimentMessage[] = [];
  const logged: LogEntry[] = [];
  const deps: FakeDeps = {
    config: { bucketName: "foreword", adminKey: "", defaultModel: "base" },
    database: openSqliteDatabase(":memory:"),
    bucket: createMemoryStore(),
    models: { manifest, list: async () => [], tokenizer: unused, load: unused },
    enqueue: async () => {},
    enqueueExperiments: async (messages) => {
      sent.push(...messages);
    },
    now: () => deps.time,
    log: (entry) => logged.push(entry),
    sent,
    logged,
    time: 1_790_000_000_000,
  };
  return deps;
}

/** An experiment as the API would take it: a against b, of base models. */
export const twoVariants = (more: object = {}) =>
  experimentInputSchema.parse({
    name: "test",
    variants: [
      { key: "a", model: "base" },
      { key: "b", model: "other" },
    ],
    metrics: [{ key: "bought", kind: "binary" }],
    ...more,
  });
