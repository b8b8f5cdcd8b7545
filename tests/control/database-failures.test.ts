import { describe, expect, test } from "vitest";
import { handleBucketEvent } from "../../functions/events/handle-bucket-event.ts";
import { createLeases } from "../../functions/records/leases.ts";
import type { TunedPrompt } from "../../shared/contracts/job.ts";
import type { SqlDatabase } from "../../shared/ports/sql-database.ts";
import { createControlDeps, type ControlDeps } from "./control-deps.ts";

type When = "before" | "after";
const KEY = "datasets/acme/data/train.jsonl";
const prompt: TunedPrompt = {
  base_digest: "0".repeat(64),
  method: "prompt_tuning",
  virtual_tokens: 4,
  row_format: "completion",
  labels: null,
  files: {},
  evaluation: null,
  steps: 4,
  trained_tokens: 1,
  tuning_seconds: 1,
  checkpoints: [
    { step: 2, metrics: { train_loss: 1, valid_loss: null, valid_token_accuracy: null }, files: {} },
  ],
};

/** A database whose n-th call fails, before it took effect or after. Gives whether there were so many. */
function failing(database: SqlDatabase, n: number, when: When): { database: SqlDatabase; failed(): boolean } {
  let calls = 0;
  const wrap =
    <A extends unknown[], R>(call: (...parameters: A) => Promise<R>) =>
    async (...parameters: A): Promise<R> => {
      const fails = ++calls === n;
      if (fails && when === "before") throw new Error("D1_ERROR: Network connection lost");
      const result = await call(...parameters);
      if (fails) throw new Error("D1_ERROR: Network connection lost");
      return result;
    };
  return {
    database: {
      all: wrap(database.all),
      first: wrap(database.first),
      run: wrap(database.run),
      transaction: wrap(database.transaction),
    },
    failed: () => calls >= n,
  };
}

const steps: Readonly<Record<string, (deps: ControlDeps) => Promise<unknown>>> = {
  "an upload's event": (deps) =>
    handleBucketEvent(deps, { action: "put", bucket: "foreword", key: KEY, etag: null }),
  "a claim": (deps) => createLeases(deps.database, deps.now).claim("call-1"),
  "a heartbeat": (deps) =>
    createLeases(deps.database, deps.now).heartbeat("job", 1, {
      phase: "tuning",
      step: 1,
      total_steps: 4,
      train_loss: 1,
      valid_loss: null,
      tokens_per_second: null,
      seconds_left: null,
    }),
  "a completion": (deps) => createLeases(deps.database, deps.now).complete("job", 1, prompt),
};

/** Does all the steps, each again and again until it goes through; the calls of step `at` fail in turn. */
async function live(at: number, n: number, when: When) {
  const deps = createControlDeps();
  await deps.bucket.put(KEY, '{"prompt":"a","completion":" b"}');
  let failed = false;
  for (const [index, step] of Object.values(steps).entries()) {
    if (index === at) {
      const broken = failing(deps.database, n, when);
      await step({ ...deps, database: broken.database }).catch(() => undefined);
      failed = broken.failed();
    }
    await step(deps);
    // Steps name the one job.
    if (index === 0) await rename(deps.database);
  }
  const state = await deps.database.first(
    `SELECT (SELECT COUNT(*) FROM datasets) AS datasets, (SELECT COUNT(*) FROM jobs) AS jobs,
       (SELECT status || lease_token || attempt FROM jobs) AS job, (SELECT COUNT(*) FROM prompts) AS prompts,
       (SELECT jobs FROM usage) AS used, (SELECT rows FROM usage) AS rows`,
  );
  return { failed, state };
}

async function rename(database: SqlDatabase): Promise<void> {
  await database.run("PRAGMA foreign_keys = OFF");
  await database.run("UPDATE jobs SET id = 'job'");
}

describe("a database that fails before or after it took effect", () => {
  for (const [at, name] of Object.keys(steps).entries()) {
    test.each(["before", "after"] as const)(
      `%s, during ${name}, changes nothing that trying again does not put right`,
      async (when) => {
        const whole = (await live(-1, 0, when)).state;
        expect(whole).toEqual({ datasets: 1, jobs: 1, job: "succeeded11", prompts: 2, used: 1, rows: 1 });
        let failures = 0;
        for (let n = 1; ; n++) {
          const { failed, state } = await live(at, n, when);
          if (!failed) break;
          failures++;
          expect(state, `call ${n}`).toEqual(whole);
        }
        expect(failures).toBeGreaterThan(0);
      },
    );
  }
});
