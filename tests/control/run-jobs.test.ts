import { describe, expect, test } from "vitest";
import type { LeaseAnswer, TunedPrompt } from "../../shared/contracts/job.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { ConflictError, InvalidDataError, UnavailableError } from "../../shared/errors.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { LeaseLostError, runJobs, type Train } from "../../trainer/run-jobs.ts";

const lease: LeaseAnswer = {
  job: {
    id: "ftjob_1",
    organization: "acme",
    base_model: "base",
    dataset: { id: "file_1", name: "data", format: "completion", rows: 1, etag: "e" },
    settings: tuneSettingsSchema.parse({}),
    attempt: 1,
    prompt_id: "sp_1",
  },
  lease: { token: 1, expires_at: 0 },
};
const prompt = { steps: 1 } as TunedPrompt;

/** A queue that has one job, and writes down what it is told. */
function createQueue(overrides: Partial<JobQueue> = {}) {
  const told: string[] = [];
  let given = false;
  const queue: JobQueue = {
    async lease() {
      if (given) return null;
      given = true;
      return lease;
    },
    heartbeat: async () => ({ cancel: false, lease_expires_at: 0 }),
    async complete() {
      told.push("complete");
      return "ft:x";
    },
    async fail(_id, _token, error, retry) {
      told.push(`fail ${error.code} ${retry}`);
    },
    async release() {
      told.push("release");
    },
    ...overrides,
  };
  return { queue, told };
}
const untilAborted: Train = (_job, _report, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
const run = (queue: JobQueue, train: Train, signal = new AbortController().signal) =>
  runJobs(queue, train, { heartbeatMs: 5, pollMs: 5, exitWhenIdle: true, signal, log: () => {} });

describe("a trainer", () => {
  test("completes a job", async () => {
    const { queue, told } = createQueue();
    await run(queue, async () => prompt);
    expect(told).toEqual(["complete"]);
  });

  test("says whether another attempt makes sense", async () => {
    const { queue, told } = createQueue();
    await run(queue, async () => {
      throw new InvalidDataError("bad row", { code: "bad" });
    });
    const again = createQueue();
    await run(again.queue, async () => {
      throw new Error("socket hang up");
    });
    expect([...told, ...again.told]).toEqual(["fail bad false", "fail tuning_failed true"]);
  });

  test("stops with the heartbeat that says so", async () => {
    const { queue, told } = createQueue({ heartbeat: async () => ({ cancel: true, lease_expires_at: 0 }) });
    await run(queue, untilAborted);
    expect(told).toEqual(["fail cancelled false"]);
  });

  test("writes nothing any more once its lease is another's", async () => {
    const { queue, told } = createQueue({
      async heartbeat() {
        throw new ConflictError("gone", { code: "lease_lost" });
      },
    });
    await expect(run(queue, untilAborted)).rejects.toThrow(LeaseLostError);
    expect(told).toEqual([]);
  });

  test("gives its job back when its machine goes away, even if that was known before it began", async () => {
    for (const before of [true, false]) {
      const shutdown = new AbortController();
      const { queue, told } = createQueue({
        async lease() {
          if (before) shutdown.abort();
          else setTimeout(() => shutdown.abort(), 10);
          return lease;
        },
      });
      await run(
        queue,
        (job, report, signal) => {
          signal.throwIfAborted();
          return untilAborted(job, report, signal);
        },
        shutdown.signal,
      );
      expect(told).toEqual(["release"]);
    }
  });

  test("outlives outages of the API, while it waits, while it works and when it is done", async () => {
    let calls = 0;
    const { queue, told } = createQueue();
    const flaky: JobQueue = {
      ...queue,
      async lease() {
        if (++calls < 3) throw new UnavailableError("down");
        return queue.lease();
      },
      async heartbeat() {
        throw new UnavailableError("down");
      },
      async fail() {
        throw new UnavailableError("down");
      },
    };
    await run(flaky, async () => {
      throw new Error("x");
    });
    expect(calls).toBeGreaterThan(3);
    expect(told).toEqual([]);
  });
});
