import { afterEach, expect, test, vi } from "vitest";
import { handleBucketEvent } from "../../functions/events/handle-bucket-event.ts";
import { createLeases } from "../../functions/records/leases.ts";
import type { LeaseAnswer, TunedPrompt } from "../../shared/contracts/job.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";
import { runJobs } from "../../trainer/run-jobs.ts";
import { createControlDeps } from "./control-deps.ts";

afterEach(() => {
  vi.useRealTimers();
});

test.each([-10, 10])(
  "a trainer whose clock is off by %i minutes keeps its lease: the server's time decides",
  async (minutes) => {
    const started = performance.now();
    const serverTime = Date.now();
    const deps = createControlDeps({ now: () => serverTime + Math.round(performance.now() - started) });
    const key = "datasets/acme/data/train.jsonl";
    await deps.bucket.put(key, '{"prompt":"a","completion":" b"}');
    await handleBucketEvent(deps, { action: "put", bucket: "foreword", key, etag: null });
    const leases = createLeases(deps.database, deps.now, 5000);
    const others: unknown[] = [];
    const queue: JobQueue = {
      async lease(): Promise<LeaseAnswer | null> {
        const job = await leases.claim();
        return (
          job &&
          ({
            job: { ...job, dataset: {} },
            lease: { token: job.leaseToken, expires_at: job.leaseExpiresAt },
          } as unknown as LeaseAnswer)
        );
      },
      async heartbeat(id, token, progress) {
        const { cancel, leaseExpiresAt } = await leases.heartbeat(id, token, progress);
        others.push(await leases.claim());
        return { cancel, lease_expires_at: leaseExpiresAt };
      },
      complete: async (id, token, prompt) => (await leases.complete(id, token, prompt)).model,
      fail: (...told) => leases.fail(...told),
      release: (...told) => leases.release(...told),
    };
    // The trainer's own clock; timers go on as they are.
    vi.useFakeTimers({ toFake: ["Date"], now: serverTime + minutes * 60_000 });
    const train = async () => {
      await vi.waitFor(() => expect(others.length).toBeGreaterThan(2), { timeout: 20_000 });
      return { files: {} } as TunedPrompt;
    };
    await runJobs(queue, train, {
      heartbeatMs: 5,
      exitWhenIdle: true,
      signal: new AbortController().signal,
      log: () => undefined,
    });
    expect(others.every((job) => job === null)).toBe(true);
    expect(await deps.database.first("SELECT status, attempt FROM jobs")).toEqual({
      status: "succeeded",
      attempt: 1,
    });
  },
);
