import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { databaseFile } from "../chaos/worker.ts";
import { callApi } from "../dev/api.ts";
import { reportOutcomes } from "./report-outcomes.ts";
import { tickets } from "./tickets.ts";

const ROWS = 200;
const HELD_OUT = 40;
const DAYS = 9;
const POLL_MS = 1000;

/** What the pictures are of. */
export interface Filled {
  readonly dataset: string;
  readonly refused: string;
  readonly jobs: readonly string[];
  readonly prompt: string;
  readonly model: string;
  readonly experiment: string;
}

const withId = z.object({ id: z.string() });
const jobSchema = z.object({ status: z.string(), fine_tuned_model: z.string().nullable() });

/** Uploads a good and a bad dataset, tunes twice, and runs an experiment of a week and a half. */
export async function fillStack(url: string, key: string, print: (line: string) => void): Promise<Filled> {
  const post = async <T>(path: string, schema: z.ZodType<T>, body: object) =>
    (await callApi(url, key, path, schema, body)).data;
  const rows = tickets(ROWS + HELD_OUT);
  const settings = { epochs: 4, virtual_tokens: 8, batch_size: 16 };
  print("Uploading datasets");
  const { id: refused } = await post("/v1/datasets", withId, { name: "reviews", content: damaged(rows) });
  const { id: dataset } = await post("/v1/datasets", withId, {
    name: "tickets",
    rows: rows.slice(0, ROWS),
    validation_rows: rows.slice(ROWS),
    tune: false,
  });
  const tune = async (foreword: object) => {
    const body = { model: "minimind2-small", training_file: dataset, suffix: "tickets", foreword };
    return (await post("/v1/fine_tuning/jobs", withId, body)).id;
  };
  const jobs = [await tune({ ...settings, learning_rate: 0.01 }), await tune(settings)];
  print("Tuning twice");
  const models: string[] = [];
  for (const job of jobs) models.push(await tunedModel(url, key, job));
  const model = models.at(-1) ?? "";
  print("Running an experiment");
  const { id: experiment } = await post("/v1/experiments", withId, {
    name: "ticket-router",
    variants: [
      { key: "base", model: "minimind2-small", weight: 50 },
      { key: "tuned", model, weight: 50 },
    ],
    metrics: [
      { key: "accepted", kind: "binary", min_effect: 0.02 },
      { key: "reopened", kind: "binary", direction: "decrease", role: "guardrail", min_effect: 0.05 },
    ],
  });
  const traffic = { url, key, experiment, units: 1000 };
  await reportOutcomes({ ...traffic, metric: "accepted", rates: { base: 0.41, tuned: 0.52 } });
  await reportOutcomes({ ...traffic, metric: "reopened", rates: { base: 0.12, tuned: 0.11 } });
  await sleep(5000);
  spreadOverDays(experiment);
  return { dataset, refused, jobs, prompt: model.split(":").at(-1) ?? "", model, experiment };
}

async function tunedModel(url: string, key: string, job: string): Promise<string> {
  for (;;) {
    const { status, fine_tuned_model: model } = (
      await callApi(url, key, `/v1/fine_tuning/jobs/${job}`, jobSchema)
    ).data;
    if (model !== null) return model;
    if (status === "failed" || status === "cancelled") throw new Error(`Job "${job}" ended as "${status}"`);
    await sleep(POLL_MS);
  }
}

function damaged(rows: readonly object[]): string {
  const lines = rows.slice(0, 60).map((row) => JSON.stringify(row));
  lines[6] = '{"text": "Where is my order?", "label": "shipping"';
  lines[17] = '{"text": "The parcel arrived damaged"}';
  lines[31] = '{"prompt": "Please send me the invoice", "completion": " billing"}';
  lines[44] = '{"text": "I cannot log in", "label": ""}';
  return lines.join("\n");
}

/** Nobody waits for a week and a half: units are said to have come then. The tables' triggers keep the sums right. */
function spreadOverDays(experiment: string): void {
  const database = new DatabaseSync(databaseFile());
  database.exec("PRAGMA busy_timeout = 10000");
  database
    .prepare(
      `UPDATE experiment_units SET day = date('now', '-' || (abs(random()) % ${DAYS}) || ' days')
       WHERE experiment_id = ?`,
    )
    .run(experiment);
  database.close();
}
