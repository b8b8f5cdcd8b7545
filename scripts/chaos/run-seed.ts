import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { jobPrefix } from "../../shared/contracts/job.ts";
import { createRandom, type Random } from "../../shared/random.ts";
import { callApi } from "../dev/api.ts";
import { checkInvariants, type Expectation } from "./invariants.ts";
import { checkLedger } from "./ledger.ts";
import { LEASE_SECONDS, ORGANIZATIONS, type ChaosStack } from "./stack.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

/** Share of the requests and events that something happens to. */
const FAULT_RATE = 0.2;
const STORM_ACTIONS = 8;
/** After the storm something must go forward within this, on a machine however slow, until all has come to its end. */
const SETTLE_MS = 90_000;

export interface SeedResult {
  readonly faults: number;
  readonly violations: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

/** One storm: uploads, faults of every kind in an order that the seed decides, then calm, and the check of everything. */
export async function runSeed(
  stack: ChaosStack,
  openDatabase: () => DatabaseSync,
  seed: number,
): Promise<SeedResult> {
  const random = createRandom(seed);
  const before = stack.faults();
  const kills = stack.workerKills;
  const traffic = await startTraffic(stack, seed);
  stack.setRate(FAULT_RATE);
  const expectations = await upload(stack, random, seed);
  let done = 0;
  for (let action = 0; action < STORM_ACTIONS; action++) {
    await sleep(200 + random.below(1200));
    const [struck] = await Promise.all([strike(stack, random, expectations, openDatabase), traffic.send()]);
    done += struck;
  }
  stack.setRate(0);
  // What the local queues held dies with the Worker; a real queue would keep it.
  const awaited = stack.workerKills === kills ? traffic : null;
  const violations = await settle(stack, openDatabase, awaited);
  violations.push(
    ...checkLedger(openDatabase()),
    ...traffic.check(openDatabase()),
    ...(await checkInvariants(openDatabase(), stack.store, expectations)),
  );
  await traffic.end();
  violations.push(...stack.trainers.crashes.map((crash) => `${crash} without a reason`));
  const outcomes = Object.fromEntries(
    (
      openDatabase().prepare("SELECT status, COUNT(*) AS n FROM jobs GROUP BY status").all() as {
        status: string;
        n: number;
      }[]
    ).map(({ status, n }) => [status, n]),
  );
  return { faults: done + stack.faults() - before, violations, outcomes };
}

/** Three good datasets and a bad one, spread over the organisations. */
async function upload(stack: ChaosStack, random: Random, seed: number): Promise<Expectation[]> {
  const expectations: Expectation[] = [];
  for (let i = 0; i < 4; i++) {
    const organization = ORGANIZATIONS[random.below(ORGANIZATIONS.length)] as string;
    const name = `seed-${seed}-${i}`;
    const kind = i === 3 ? "bad" : "good";
    const settings = {
      base_model: stack.baseModel,
      epochs: 1 + random.below(20),
      virtual_tokens: 2,
      batch_size: 2,
      method: "prompt_tuning",
    };
    const rows = Array.from({ length: 6 }, (_, row) => ({
      prompt: `Seed ${seed}, row ${row}:`,
      completion: ` ${row}`,
    }));
    const text = rows.map((row) => JSON.stringify(row)).join("\n") + (kind === "bad" ? "\n{" : "");
    await stack.store.put(datasetKey(organization, name, datasetFiles.settings), JSON.stringify(settings));
    await stack.store.put(datasetKey(organization, name, datasetFiles.train), text);
    expectations.push({ organization, name, kind, cancelled: false });
  }
  return expectations;
}

/** Does one thing to the stack. Gives the number of faults that it was. */
async function strike(
  stack: ChaosStack,
  random: Random,
  expectations: Expectation[],
  openDatabase: () => DatabaseSync,
): Promise<number> {
  const victims = stack.trainers.victims;
  const victim = victims[random.below(victims.length)];
  const at = random.below(expectations.length);
  const chosen = expectations[at] as Expectation;
  switch (random.below(8)) {
    case 0:
    case 1:
      victim?.signal("SIGKILL");
      return 1;
    case 2:
      victim?.signal("SIGTERM");
      return 1;
    case 3:
      victim?.signal("SIGSTOP");
      await sleep(LEASE_SECONDS * 1000 * (0.5 + random.next()));
      victim?.signal("SIGCONT");
      return 1;
    case 4:
      await stack.killWorker();
      return 1;
    case 5: {
      const [job] = openDatabase().prepare("SELECT id FROM jobs WHERE status = 'running'").all() as {
        id: string;
      }[];
      return job ? corruptCheckpoint(stack, random, job.id) : 0;
    }
    case 6: {
      if (chosen.kind !== "good") return 0;
      expectations[at] = { ...chosen, kind: "deleted" };
      await stack.store.delete(datasetKey(chosen.organization, chosen.name, datasetFiles.train));
      return 1;
    }
    default:
      expectations[at] = { ...chosen, cancelled: await cancel(stack, chosen, openDatabase) };
      return 1;
  }
}

/** Flips a byte of a job's newest checkpoint, where it has one. */
async function corruptCheckpoint(stack: ChaosStack, random: Random, job: string): Promise<number> {
  let newest: string | undefined;
  for await (const { key } of stack.store.list(jobPrefix(job)))
    if (key.includes("/checkpoint-")) newest = key;
  const object = newest === undefined ? null : await stack.store.get(newest);
  if (!object) return 0;
  const bytes = await object.bytesBody();
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  await stack.store.put(object.key, bytes);
  return 1;
}

async function cancel(
  stack: ChaosStack,
  { organization, name }: Expectation,
  openDatabase: () => DatabaseSync,
): Promise<boolean> {
  const sql = `SELECT jobs.id FROM jobs JOIN datasets ON datasets.id = dataset_id
               WHERE datasets.organization = ? AND name = ? AND jobs.status IN ('queued', 'running')`;
  const [job] = openDatabase().prepare(sql).all(organization, name) as { id: string }[];
  if (!job) return false;
  const path = `/v1/fine_tuning/jobs/${job.id}/cancel`;
  // It may have ended in between.
  return callApi(stack.url, stack.keys[organization] ?? "", path, z.object({}), {}).then(
    () => true,
    () => false,
  );
}

/** Waits until the bucket is reconciled, no job is under way and every outcome is counted. Gives what takes too long. */
async function settle(
  stack: ChaosStack,
  openDatabase: () => DatabaseSync,
  traffic: Traffic | null,
): Promise<string[]> {
  let [deadline, before] = [Date.now() + SETTLE_MS, ""];
  const open = `SELECT id, status, attempt, lease_token, progress_json FROM jobs WHERE status IN ('queued', 'running')`;
  for (const victim of stack.trainers.victims) victim.signal("SIGCONT");
  for (let round = 0; ; round++) {
    if (round % 10 === 0) await stack.tick();
    await sleep(500);
    const left = openDatabase().prepare(open).all() as { id: string; status: string; attempt: number }[];
    const missing = traffic?.missing(openDatabase()) ?? 0;
    // Two ticks at least: the first finds what was lost, and the queue takes a second or two.
    if (left.length === 0 && missing === 0 && round > 10) return [];
    const now = JSON.stringify([left, missing]);
    if (now !== before) [deadline, before] = [Date.now() + SETTLE_MS, now];
    if (Date.now() <= deadline) continue;
    const late = left.map(({ id, status, attempt }) => `job ${id} is still ${status} in attempt ${attempt}`);
    return missing > 0 ? [...late, `${missing} acknowledged outcomes are not counted`] : late;
  }
}
