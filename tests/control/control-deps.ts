import type { Deps, LogEntry } from "../../functions/deps.ts";
import { openSqliteDatabase } from "../../scripts/serve-node/sqlite-database.ts";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { createMemoryStore } from "../support/memory-store.ts";

export const ADMIN_KEY = "fw_admin-of-the-tests";

export interface ControlDeps extends Deps {
  readonly logged: LogEntry[];
}

/** All that the control plane needs, in memory; a base model of which only the tokenizer is there, a token a character. */
export function createControlDeps(overrides: Partial<Deps> = {}): ControlDeps {
  const logged: LogEntry[] = [];
  const tokenizer: Partial<TextTokenizer> = {
    specialTokens: { beginning: 1, end: [2] },
    encode: (text) => Array.from({ length: text.length }, () => 1),
  };
  const unused = () => Promise.reject(new Error("This test runs no model"));
  return {
    config: { bucketName: "foreword", adminKey: ADMIN_KEY, defaultModel: "tiny" },
    database: openSqliteDatabase(":memory:"),
    bucket: createMemoryStore(),
    models: {
      manifest: async () => ({ name: "tiny", architecture: { contextLength: 1000 } }) as ModelManifest,
      tokenizer: async () => tokenizer as TextTokenizer,
      list: async () => [],
      load: unused,
    },
    enqueue: async () => {},
    enqueueExperiments: async () => {},
    now: Date.now,
    log: (entry) => logged.push(entry),
    logged,
    ...overrides,
  };
}
