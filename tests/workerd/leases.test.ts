import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { env } from "cloudflare:workers";
import type { LeaseAnswer, TunedPrompt } from "../../shared/contracts/job.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { createD1Database } from "../../functions/adapters/d1.ts";
import { insertDataset } from "../../functions/records/datasets.ts";
import { insertJob } from "../../functions/records/jobs.ts";
import { createLeases, LEASE_MS, MAX_ATTEMPTS, MAX_RUN_MS } from "../../functions/records/leases.ts";
import { ask, call, migrate, newKey } from "./app.ts";

const database = createD1Database(env.DB);
let time = 1_800_000_000_000;
const leases = createLeases(database, () => time);

const prompt: TunedPrompt = {
  base_digest: "0".repeat(64),
  method: "prompt_tuning",
  virtual_tokens: 4,
  row_format: "completion",
  labels: null,
  files: {},
  evaluation: null,
  steps: 1,
  trained_tokens: 1,
  tuning_seconds: 1,
};

let count = 0;
async function queueJob(organization = "acme"): Promise<string> {
  const id = `ftjob_${String(++count).padStart(4, "0")}`;
  const report = { rows: 1, format: "completion" as const, errorCount: 0, errors: [], labels: null };
  const common = { organization, createdAt: time };
  await database.transaction([
    insertDataset({
      ...common,
      id: `file_${id}`,
      name: "data",
      etag: id,
      bytes: 1,
      status: "accepted",
      report,
    }),
    insertJob({
      ...common,
      id,
      datasetId: `file_${id}`,
      eventKey: id,
      baseModel: "base",
      suffix: "data",
      settings: tuneSettingsSchema.parse({}),
    }),
  ]);
  return id;
}
const statusOf = async (id: string) =>
  (await database.first("SELECT * FROM jobs WHERE id = ?1", id))?.["status"];

beforeAll(migrate);
beforeEach(() => database.run("UPDATE jobs SET status = 'cancelled' WHERE status IN ('queued', 'running')"));

describe("a lease", () => {
  test("goes to one of many trainers that ask at once", async () => {
    const ids = [await queueJob(), await queueJob()];
    const claims = await Promise.all(Array.from({ length: 8 }, () => leases.claim()));
    expect(claims.flatMap((job) => job?.id ?? []).toSorted()).toEqual(ids);
  });

  test("that ran out goes to the next trainer, with a larger token and a new prompt; the old one is locked out", async () => {
    const id = await queueJob();
    const first = await leases.claim();
    await expect(leases.claim()).resolves.toBeNull();
    time += LEASE_MS + 1;
    const second = await leases.claim();
    expect(second).toMatchObject({ id, attempt: 2, leaseToken: (first?.leaseToken ?? 0) + 1 });
    expect(second?.promptId).not.toBe(first?.promptId);
    const lost = { code: "lease_lost" };
    await expect(leases.heartbeat(id, 1)).rejects.toMatchObject(lost);
    await expect(leases.complete(id, 1, prompt)).rejects.toMatchObject(lost);
    await expect(leases.fail(id, 1, { code: "x", message: "x" }, true)).rejects.toMatchObject(lost);
    await expect(leases.release(id, 1)).rejects.toMatchObject(lost);
    expect(await statusOf(id)).toBe("running");
  });

  test("is kept by heartbeats", async () => {
    const id = await queueJob();
    await leases.claim();
    for (let beat = 0; beat < 3; beat++) {
      time += LEASE_MS - 1;
      expect(await leases.heartbeat(id, 1)).toEqual({ cancel: false, leaseExpiresAt: time + LEASE_MS });
      expect(await leases.claim()).toBeNull();
    }
  });
});

describe("a job", () => {
  test("ends with exactly one soft prompt, however often it is completed", async () => {
    const id = await queueJob();
    const claimed = await leases.claim();
    const answers = [await leases.complete(id, 1, prompt), await leases.complete(id, 1, prompt)];
    expect(answers[0]).toEqual({ model: `ft:base:acme:data:${claimed?.promptId}` });
    expect(answers[1]).toEqual(answers[0]);
    expect(await database.all("SELECT id FROM prompts WHERE job_id = ?1", id)).toEqual([
      { id: claimed?.promptId },
    ]);
    expect(await statusOf(id)).toBe("succeeded");
    await expect(leases.heartbeat(id, 1)).rejects.toMatchObject({ code: "lease_lost" });
  });

  test("whose trainers keep dying fails after the last allowed attempt", async () => {
    const id = await queueJob();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      expect(await leases.claim()).toMatchObject({ id, attempt });
      time += LEASE_MS + 1;
    }
    expect(await leases.claim()).toBeNull();
    expect(await statusOf(id)).toBe("failed");
  });

  test("that failed for a passing reason waits before it is given out again", async () => {
    const id = await queueJob();
    await leases.claim();
    await leases.fail(id, 1, { code: "s3", message: "Bucket did not answer" }, true);
    expect(await leases.claim()).toBeNull();
    time += 60_000;
    expect(await leases.claim()).toMatchObject({ id, attempt: 2 });
  });

  test("that is given back keeps its attempts", async () => {
    const id = await queueJob();
    await leases.claim();
    await leases.release(id, 1);
    expect(await leases.claim()).toMatchObject({ id, attempt: 1, leaseToken: 2 });
  });
});

describe("claims", () => {
  test("take turns between organisations, so that a long queue delays another's job by one", async () => {
    for (let i = 0; i < 20; i++) await queueJob("flooder");
    await leases.claim();
    const late = await queueJob("patient");
    const next = [await leases.claim(), await leases.claim()];
    expect(new Set(next.map((job) => job?.organization))).toEqual(new Set(["flooder", "patient"]));
    expect(next.some((job) => job?.id === late)).toBe(true);
  });

  test("follow priority within an organisation, and age after that", async () => {
    const ids = [await queueJob("ranked"), await queueJob("ranked"), await queueJob("ranked")];
    await database.run("UPDATE jobs SET priority = 5 WHERE id = ?1", ids[2] as string);
    const claims = [await leases.claim(), await leases.claim(), await leases.claim()];
    expect(claims.map((job) => job?.id)).toEqual([ids[2], ids[0], ids[1]]);
  });

  test("repeated under the same name, because the answer was lost, get the same job", async () => {
    const ids = [await queueJob(), await queueJob()];
    const first = await leases.claim("call-1");
    const again = await leases.claim("call-1");
    expect(again).toMatchObject({ id: first?.id, leaseToken: first?.leaseToken, attempt: 1 });
    expect((await leases.claim("call-2"))?.id).toBe(ids.find((id) => id !== first?.id));
  });
});

describe("healing", () => {
  test("puts a dead trainer's job back in the queue without anybody asking for it", async () => {
    const id = await queueJob();
    await leases.claim();
    time += LEASE_MS + 1;
    await leases.heal();
    expect(await statusOf(id)).toBe("queued");
    expect(await leases.claim()).toMatchObject({ id, attempt: 2 });
  });

  test("ends a job that runs for too long, whatever its trainer does", async () => {
    const id = await queueJob();
    await leases.claim();
    expect(await leases.heartbeat(id, 1)).toMatchObject({ cancel: false });
    await database.run("UPDATE jobs SET attempt_started_at = ?2 WHERE id = ?1", id, time - MAX_RUN_MS - 1);
    expect(await leases.heartbeat(id, 1)).toMatchObject({ cancel: true });
    time += LEASE_MS + 1;
    await leases.heartbeat(id, 1);
    await leases.heal();
    const row = await database.first("SELECT status, error_json FROM jobs WHERE id = ?1", id);
    expect(row).toMatchObject({ status: "failed" });
    expect(row?.["error_json"]).toContain("time_limit");
  });

  test("leaves a job alone that has ended: the database itself refuses to change that", async () => {
    const id = await queueJob();
    await leases.claim();
    await leases.fail(id, 1, { code: "x", message: "x" }, false);
    await expect(database.run("UPDATE jobs SET status = 'queued' WHERE id = ?1", id)).rejects.toThrow(
      "ended",
    );
  });
});

describe("over HTTP", () => {
  test("a trainer leases, reports and completes; a user cannot", async () => {
    const id = await queueJob("globex");
    const trainer = await newKey("globex", ["trainer"]);
    const user = await newKey("globex");
    expect((await call(user, "POST", "/v1/trainer/leases", {})).status).toBe(403);
    expect((await call(trainer, "GET", "/v1/fine_tuning/jobs")).status).toBe(403);
    const { job, lease } = await ask<LeaseAnswer>(trainer, "POST", "/v1/trainer/leases", {});
    expect(job).toMatchObject({ id, base_model: "base", attempt: 1, dataset: { name: "data", rows: 1 } });
    const progress = { phase: "tuning", step: 3, total_steps: 9, train_loss: 0.5 };
    await ask(trainer, "POST", `/v1/trainer/jobs/${id}/heartbeat`, { token: lease.token, progress });
    expect(await ask(user, "GET", `/v1/fine_tuning/jobs/${id}`)).toMatchObject({
      status: "running",
      foreword: { progress: { step: 3, train_loss: 0.5 } },
    });
    const { model } = await ask<{ model: string }>(trainer, "POST", `/v1/trainer/jobs/${id}/complete`, {
      token: lease.token,
      prompt,
    });
    expect(await ask(user, "GET", `/v1/fine_tuning/jobs/${id}`)).toMatchObject({
      status: "succeeded",
      fine_tuned_model: model,
    });
    const events = await ask<{ data: { message: string }[] }>(
      user,
      "GET",
      `/v1/fine_tuning/jobs/${id}/events`,
    );
    expect(events.data.map(({ message }) => message)).toEqual([
      `New fine-tuned model created: ${model}`,
      "Step 3/9",
      "Tuning started",
    ]);
    expect((await call(trainer, "POST", "/v1/trainer/leases", {})).status).toBe(204);
    expect((await call(await newKey("acme"), "GET", `/v1/fine_tuning/jobs/${id}`)).status).toBe(404);
  });
});
