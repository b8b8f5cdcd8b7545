import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createS3Store } from "../../trainer/adapters/s3.ts";
import type { Random } from "../../shared/random.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { callApi } from "../dev/api.ts";
import { root, stateFolder } from "../dev/paths.ts";
import { startS3Endpoint } from "../dev/s3/endpoint.ts";
import { migrateDatabase } from "../dev/worker.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { freePort } from "./free-port.ts";
import { keepLedger } from "./ledger.ts";
import type { Victim } from "./process.ts";
import { uploadTinyModel } from "./tiny-model.ts";
import { startTrainers, type Trainers } from "./trainers.ts";
import { databaseFile, startWorkerd } from "./worker.ts";

/** Short, so that a seed does not have to wait for dead trainers; the beats in between leave room for three misses. */
export const LEASE_SECONDS = 4;
const HEARTBEAT_SECONDS = 0.5;
const TRAINERS = 2;
/** A Worker that is killed and started again may swallow a call. */
const CALL_TIMEOUT_MS = 10_000;
export const ORGANIZATIONS = ["acme", "globex"] as const;
/** As in wrangler.toml. */
const S3_CREDENTIALS = { accessKeyId: "foreword", secretAccessKey: "foreword-local-only" };

export interface ChaosStack {
  readonly url: string;
  /** The same behind the fault proxy. */
  readonly proxiedUrl: string;
  readonly store: ObjectStore;
  readonly baseModel: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly trainers: Trainers;
  /** Faults of the network and of event delivery so far. */
  readonly faults: () => number;
  /** How often the network, and the delivery of events, fail; 0 makes them perfect. */
  setRate(rate: number): void;
  /** Kills workerd in the middle of whatever it does, and starts it again. The local queues die with it. */
  killWorker(): Promise<void>;
  /** How often that has been done. */
  readonly workerKills: number;
  /** Fires the Worker's cron trigger. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the whole stack: workerd, the bucket's endpoint, fault proxies in front of both, and trainers behind them. */
export async function startChaosStack(random: Random): Promise<ChaosStack> {
  mkdirSync(stateFolder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const adminKey = `fw_${randomBytes(24).toString("base64url")}`;
  await migrateDatabase();
  keepLedger(databaseFile());
  let worker: Victim = await startWorkerd(port, adminKey, LEASE_SECONDS);
  let rate = 0;
  let eventFaults = 0;
  let workerKills = 0;
  const deliver = (event: unknown) =>
    callApi(url, adminKey, "/v1/bucket-events", z.object({}), event, CALL_TIMEOUT_MS);
  const endpoint = await startS3Endpoint({
    port: 0,
    upstream: url,
    credentials: S3_CREDENTIALS,
    async onEvent(event) {
      const fault = random.next() < rate ? random.below(3) : null;
      if (fault !== null) eventFaults++;
      if (fault === 1) await sleep(random.below(1000));
      if (fault === 2) await Promise.all([deliver(event), deliver(event)]);
      // Lost for good where it is not delivered: the scheduled run has to find the dataset.
      if (fault !== 0) await deliver(event);
    },
  });
  const store = createS3Store({
    endpoint: endpoint.url,
    region: "auto",
    bucket: "foreword",
    ...S3_CREDENTIALS,
  });
  const baseModel = await uploadTinyModel(store, join(root, ".foreword", "cache"));
  const keys: Record<string, string> = {};
  const keySchema = z.object({ key: z.string() });
  for (const organization of ORGANIZATIONS) {
    const body = {
      name: "chaos",
      organization,
      scopes: ["datasets", "inference", "admin"],
      requests_per_minute: 100_000,
    };
    const { key } = (await callApi(url, adminKey, "/v1/keys", keySchema, body)).data;
    keys[organization] = key;
    // It does not exist; what counts is that everything that ends is to be told.
    await callApi(url, key, "/v1/webhooks", z.object({}), { url: "https://chaos.foreword.dev/" });
  }
  const trainerBody = { name: "chaos", organization: "acme", scopes: ["trainer"] };
  const trainerKey = (await callApi(url, adminKey, "/v1/keys", keySchema, trainerBody)).data.key;

  const apiProxy = await startFaultProxy(url, random, true);
  const s3Proxy = await startFaultProxy(endpoint.url, random, false);
  const bucket = new URL(`${s3Proxy.url}/foreword?region=auto`);
  bucket.username = S3_CREDENTIALS.accessKeyId;
  bucket.password = S3_CREDENTIALS.secretAccessKey;
  const trainers = startTrainers(TRAINERS, {
    FOREWORD_URL: apiProxy.url,
    FOREWORD_TRAINER_KEY: trainerKey,
    FOREWORD_BUCKET: bucket.href,
    FOREWORD_HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
    FOREWORD_THREADS: "1",
  });
  return {
    url,
    proxiedUrl: apiProxy.url,
    store,
    baseModel,
    keys,
    trainers,
    faults: () => apiProxy.count + s3Proxy.count + eventFaults,
    setRate(next) {
      rate = next;
      apiProxy.rate = next;
      s3Proxy.rate = next;
    },
    get workerKills() {
      return workerKills;
    },
    async killWorker() {
      workerKills++;
      worker.signal("SIGKILL");
      await worker.exited;
      worker = await startWorkerd(port, adminKey, LEASE_SECONDS);
    },
    async tick() {
      const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
      // One that is lost is made up for by the next.
      await fetch(new URL("/cdn-cgi/local/scheduled", url), { signal }).catch(() => undefined);
    },
    async stop() {
      await trainers.stop();
      apiProxy.close();
      s3Proxy.close();
      await endpoint.close();
      // The whole group at once: wrangler that ends by itself may leave workerd behind.
      worker.signal("SIGKILL");
      await worker.exited;
    },
  };
}
