import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { InvalidRequestError } from "../../shared/errors.ts";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { fill } from "./control/fill.ts";
import { workerdMegabytes } from "./control/memory.ts";

const SIZES = [100, 1000, 10_000];
const CALLS = 40;
const EVENTS = 100;
const ORGANIZATION = "bench";
const LEASE_SECONDS = 600;
const S3_CREDENTIALS = { accessKeyId: "foreword", secretAccessKey: "foreword-local-only" };

interface Stage {
  readonly rows: number;
  /** Median milliseconds by operation. */
  readonly medians: Readonly<Record<string, number>>;
  readonly megabytes: number;
}

/**
 * `npm run bench -- control [--json]`: the control plane in workerd with 100, 1,000 and 10,000 datasets and queued jobs.
 * Prints medians over HTTP, how they grow, and how many uploads a second become datasets and jobs.
 */
export async function control(args: readonly string[]): Promise<void> {
  const strange = args.find((arg) => arg !== "--json");
  if (strange !== undefined) throw new InvalidRequestError(`Found "${strange}", wanted "--json" or nothing`);
  const state = mkdtempSync(join(tmpdir(), "foreword-bench-control-"));
  process.env["FOREWORD_STATE"] = state;
  try {
    const result = await measure((line) => console.error(line));
    const growth = (name: string) =>
      (result.stages.at(-1)?.medians[name] ?? 0) / (result.stages[0]?.medians[name] ?? 1);
    const print = args.includes("--json") ? console.error : console.log;
    print(`| ms, median of ${CALLS} | ${SIZES.join(" | ")} | growth |`);
    print(`|---|${SIZES.map(() => "---|").join("")}---|`);
    for (const name of Object.keys(result.stages[0]?.medians ?? {})) {
      const cells = result.stages.map(({ medians }) => (medians[name] ?? 0).toFixed(1));
      print(`| ${name} | ${cells.join(" | ")} | ${growth(name).toFixed(2)}x |`);
    }
    print(`| workerd, MB | ${result.stages.map(({ megabytes }) => megabytes.toFixed(0)).join(" | ")} | |`);
    print(`Uploads that became datasets and jobs: ${result.uploadsPerSecond.toFixed(1)} a second`);
    if (args.includes("--json")) console.log(JSON.stringify({ benchmark: "control", ...result }));
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

async function measure(progress: (line: string) => void) {
  // Imported late, because they read where the state lies.
  const { migrateDatabase } = await import("../dev/worker.ts");
  const { databaseFile, startWorkerd } = await import("../chaos/worker.ts");
  const { freePort } = await import("../chaos/free-port.ts");
  const { callApi } = await import("../dev/api.ts");
  const adminKey = `fw_${randomBytes(24).toString("base64url")}`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await migrateDatabase();
  const stages: Stage[] = [];
  let keys: { user: string; trainer: string } | undefined;
  let uploadsPerSecond = 0;
  for (const rows of SIZES) {
    progress(`Measuring with ${rows} datasets and jobs`);
    const ids = fill(databaseFile(), ORGANIZATION, rows);
    const worker = await startWorkerd(port, adminKey, LEASE_SECONDS);
    try {
      keys ??= await makeKeys(url, adminKey);
      const { user, trainer } = keys;
      const any = z.looseObject({});
      const leased = z.object({ job: z.object({ id: z.string() }), lease: z.object({ token: z.int() }) });
      const get = (path: string) => callApi(url, user, path, any);
      const operations: Record<string, () => Promise<unknown>> = {
        "list datasets": () => get("/v1/datasets?limit=20"),
        "get dataset": () => get(`/v1/datasets/${ids.dataset}`),
        "list jobs": () => get("/v1/fine_tuning/jobs?limit=20"),
        "get job": () => get(`/v1/fine_tuning/jobs/${ids.job}`),
        "list files": () => get("/v1/files?limit=20"),
        "claim and release": async () => {
          const { job, lease } = (await callApi(url, trainer, "/v1/trainer/leases", leased, {})).data;
          await callApi(url, trainer, `/v1/trainer/jobs/${job.id}/release`, any, { token: lease.token });
        },
      };
      const medians: Record<string, number> = {};
      for (const [name, operation] of Object.entries(operations)) medians[name] = await medianOf(operation);
      stages.push({ rows, medians, megabytes: workerdMegabytes(worker.pid) });
      if (rows === SIZES[0]) uploadsPerSecond = await ingest();
    } finally {
      worker.signal("SIGKILL");
      await worker.exited;
    }
  }
  return { stages, uploadsPerSecond };

  async function ingest(): Promise<number> {
    progress(`Uploading ${EVENTS} datasets`);
    const { createS3Store } = await import("../../trainer/adapters/s3.ts");
    const { startS3Endpoint } = await import("../dev/s3/endpoint.ts");
    const { uploadTinyModel } = await import("../chaos/tiny-model.ts");
    const { root } = await import("../dev/paths.ts");
    const endpoint = await startS3Endpoint({
      port: 0,
      upstream: url,
      credentials: S3_CREDENTIALS,
      onEvent: async (event) => {
        await callApi(url, adminKey, "/v1/bucket-events", z.looseObject({}), event);
      },
    });
    const store = createS3Store({
      endpoint: endpoint.url,
      region: "auto",
      bucket: "foreword",
      ...S3_CREDENTIALS,
    });
    const baseModel = await uploadTinyModel(store, join(root, ".foreword", "cache"));
    const began = performance.now();
    const row = JSON.stringify({ prompt: "What is it?", completion: " A row." });
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let i = lane; i < EVENTS; i += 8) {
          const key = (file: string) => datasetKey("uploads", `upload-${i}`, file);
          await store.put(key(datasetFiles.settings), JSON.stringify({ base_model: baseModel }));
          await store.put(key(datasetFiles.train), `${row}\n`.repeat(10));
        }
      }),
    );
    const counted = z.object({ queued: z.int() });
    const trainer = (keys as { trainer: string }).trainer;
    const before = SIZES[0] as number;
    while ((await callApi(url, trainer, "/v1/trainer/backlog", counted)).data.queued < before + EVENTS)
      await sleep(50);
    const seconds = (performance.now() - began) / 1000;
    await endpoint.close();
    return EVENTS / seconds;
  }
}

async function makeKeys(url: string, adminKey: string) {
  const { callApi } = await import("../dev/api.ts");
  const make = async (scopes: string[]) => {
    const body = { name: "bench", organization: ORGANIZATION, scopes, requests_per_minute: 1_000_000 };
    return (await callApi(url, adminKey, "/v1/keys", z.object({ key: z.string() }), body)).data.key;
  };
  return { user: await make(["datasets"]), trainer: await make(["trainer"]) };
}

async function medianOf(operation: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = -5; i < CALLS; i++) {
    const began = performance.now();
    await operation();
    if (i >= 0) times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number;
}
