import { createApp } from "../../../functions/app.ts";
import type { Deps } from "../../../functions/deps.ts";
import { recordEvents } from "../../../functions/experiments/consume-events.ts";
import type { ModelManifest } from "../../../shared/contracts/model.ts";
import { InternalError, NotFoundError } from "../../../shared/errors.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { openSqliteDatabase } from "../../serve-node/sqlite-database.ts";

/** What one request, outcome and tuning job takes. Rows are D1's rows written, without their indexes'. */
export interface UnitCosts {
  /** Tokens of a usual request, in and out. */
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly prefillMsPerToken: number;
  readonly decodeMsPerToken: number;
  /** CPU milliseconds of a request beside the model. */
  readonly overheadMs: number;
  /** From a new isolate to a model that answers: script, weights, first soft prompt. */
  readonly coldStartMs: number;
  readonly rowsPerExposure: number;
  readonly rowsPerOutcome: number;
  readonly eventsPerMessage: number;
  /** Bytes of the database that a unit with an outcome takes up, indexes too. */
  readonly bytesPerUnit: number;
  readonly rowsPerJob: number;
  readonly gpuSecondsPerJob: number;
}

/**
 * Speeds of the decode kernel with MiniMind2-Small in workerd. What a request costs beside the model, cold starts, and what a job
 * writes and takes on a GPU are estimates.
 */
const assumed = {
  promptTokens: 64,
  answerTokens: 16,
  prefillMsPerToken: 1 / 0.835,
  decodeMsPerToken: 1 / 0.639,
  overheadMs: 3,
  coldStartMs: 400,
  // Dataset, job, a few events and checkpoints, one soft prompt; the lease is written again with every heartbeat.
  rowsPerJob: 60,
  gpuSecondsPerJob: 120,
};

const UNITS = 500;
const BASE = "base";
const ADMIN_KEY = "fw_admin-key-of-the-scaling-plan";

/** The costs assumed, the rows of experiments counted now on the real tables. */
export async function unitCosts(): Promise<UnitCosts> {
  const database = openSqliteDatabase(":memory:");
  const bytes = async () =>
    Number(
      (
        await database.first(
          "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
        )
      )?.["bytes"],
    );
  const changes = async () =>
    Number((await database.first("SELECT total_changes() AS changes"))?.["changes"]);
  let messages = 0;
  let events = 0;
  const deps: Deps = {
    config: { bucketName: "foreword", adminKey: ADMIN_KEY, defaultModel: BASE },
    database,
    bucket: emptyBucket,
    models: {
      list: async () => [],
      manifest: async (name) => {
        if (name !== BASE) throw new NotFoundError(`No such model: "${name}"`, { code: "model_not_found" });
        return { name, files: {} } as Partial<ModelManifest> as ModelManifest;
      },
      tokenizer: refuse,
      load: refuse,
    },
    enqueue: refuse,
    enqueueExperiments: async (sent) => {
      messages += sent.length;
      events += sent.reduce((sum, message) => sum + message.events.length, 0);
      await recordEvents(deps, sent);
    },
    now: Date.now,
    log: ({ level, message, error }) => level === "error" && console.error(message, error),
  };
  const app = createApp(deps);
  const key = (
    await post(app, ADMIN_KEY, "/v1/keys", {
      name: "scale",
      organization: "scale",
      scopes: ["experiments", "inference"],
    })
  )["key"];
  const call = async (path: string, body: object) => {
    const before = await changes();
    await post(app, String(key), path, body);
    return ((await changes()) - before) / UNITS;
  };
  const variants = ["a", "b"].map((name) => ({ key: name, model: BASE }));
  await call("/v1/experiments", { name: "scale", variants, metrics: [{ key: "won", kind: "binary" }] });
  const empty = await bytes();
  const units = Array.from({ length: UNITS }, (_, i) => `unit-${i}`);
  const rowsPerExposure = await call("/v1/assignments", { experiment: "scale", units });
  const outcomes = units.map((unit) => ({ unit, experiment: "scale", metric: "won" }));
  const rowsPerOutcome = await call("/v1/outcomes", { outcomes });
  return {
    ...assumed,
    rowsPerExposure,
    rowsPerOutcome,
    eventsPerMessage: events / messages,
    bytesPerUnit: ((await bytes()) - empty) / UNITS,
  };
}

async function post(app: ReturnType<typeof createApp>, key: string, path: string, body: object) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await app.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok)
    throw new InternalError(`"${path}" answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

async function refuse(): Promise<never> {
  throw new InternalError("Counting rows runs no model and sends no event");
}

const emptyBucket: ObjectStore = {
  head: async () => null,
  get: async () => null,
  put: async () => "etag",
  delete: async () => undefined,
  async *list() {},
};
