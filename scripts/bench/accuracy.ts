import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import {
  tuneSettingsSchema,
  tuningMethods,
  type LeasedJob,
  type TunedPrompt,
} from "../../shared/contracts/job.ts";
import { DEFAULT_MODEL } from "../../trainer/model/minimind.ts";
import { createTrain } from "../../trainer/train.ts";
import { loadBaseModel } from "../../trainer/base-model.ts";
import { localBase } from "./tuning/local-base.ts";
import { shortRows } from "./tuning/short-rows.ts";

/** Hugging Face PEFT 0.20 on the same rows and base model, test accuracy in percent, one seed each. */
const RIVALS: Record<string, Record<string, number>> = {
  trec: {
    "PEFT prompt tuning": 77.4,
    "PEFT prefix tuning": 80,
    "PEFT LoRA r=8": 86.4,
    "full fine-tuning": 83,
  },
  sms_spam: {
    "PEFT prompt tuning": 95.6,
    "PEFT prefix tuning": 91.2,
    "PEFT LoRA r=8": 97.8,
    "full fine-tuning": 98,
  },
};
const ROWS = { train: 2000, valid: 250, test: 500 };
const MAX_TOKENS = 64;

const USAGE = `Usage: npm run bench -- accuracy --data <folder> [--tasks trec,sms_spam] [--methods auto,prompt_tuning] [--seeds 3]
                                    [--threads 2] [--rows 2000] [--json]
Tunes with default settings on <folder>/<task>/{train,valid,test}.jsonl and reports test accuracy by label scoring.`;

interface Options {
  readonly data: string;
  readonly tasks: readonly string[];
  readonly methods: readonly string[];
  readonly seeds: number;
  readonly threads: number;
  readonly rows: number;
  readonly json: boolean;
}

/** `npm run bench -- accuracy --data <folder>`: test accuracy of the default settings, beside PEFT's. */
export async function accuracy(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      tasks: { type: "string", default: "trec,sms_spam" },
      methods: { type: "string", default: "auto,prompt_tuning" },
      seeds: { type: "string", default: "3" },
      threads: { type: "string", default: "0" },
      rows: { type: "string", default: String(ROWS.train) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.data === undefined) {
    console.log(USAGE);
    return;
  }
  await report({
    data: values.data,
    tasks: values.tasks.split(","),
    methods: values.methods.split(","),
    seeds: Number(values.seeds),
    threads: Number(values.threads),
    rows: Number(values.rows),
    json: values.json,
  });
}

interface Result {
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  readonly accuracy: number;
  readonly macro_f1: number;
  readonly loss: number;
  readonly base_accuracy: number;
  readonly seconds: number;
  readonly chosen: TunedPrompt["chosen"];
}

async function report(options: Options): Promise<void> {
  const { store, workDirectory } = await localBase();
  const { tokenizer } = await loadBaseModel(store, DEFAULT_MODEL, workDirectory);
  const train = createTrain({ store, workDirectory, threads: options.threads });
  const results: Result[] = [];
  for (const task of options.tasks) {
    let etag = "";
    for (const split of ["train", "valid", "test"] as const) {
      const text = await readFile(join(options.data, task, datasetFiles[split]), "utf8");
      const count = split === "train" ? options.rows : ROWS[split];
      const put = await store.put(
        datasetKey("bench", task, datasetFiles[split]),
        shortRows(text, count, MAX_TOKENS, tokenizer),
      );
      if (split === "train") etag = put;
    }
    for (const method of options.methods) {
      for (let seed = 0; seed < options.seeds; seed++) {
        const result = await tuneOnce(train, options, { task, etag, method, seed });
        results.push(result);
        if (!options.json) console.log(line(result));
      }
      if (!options.json) console.log(summary(task, method, results));
    }
    if (!options.json)
      for (const [rival, score] of Object.entries(RIVALS[task] ?? {})) console.log(`  ${rival}: ${score}`);
  }
  if (options.json) console.log(JSON.stringify({ rows: results, rivals: RIVALS }));
}

async function tuneOnce(
  train: ReturnType<typeof createTrain>,
  options: Options,
  { task, etag, method, seed }: { task: string; etag: string; method: string; seed: number },
): Promise<Result> {
  const job: LeasedJob = {
    id: `ftjob_${task}_${method}_${seed}`,
    organization: "bench",
    base_model: DEFAULT_MODEL,
    dataset: { id: task, name: task, format: "completion", rows: options.rows, etag },
    settings: tuneSettingsSchema.parse({
      method: ["auto", ...tuningMethods].find((one) => one === method) ?? method,
      seed,
    }),
    attempt: 1,
    prompt_id: `sp_${task}_${method}_${seed}`,
  };
  let shown = 0;
  const {
    evaluation,
    chosen,
    tuning_seconds: seconds,
  } = await train(
    job,
    (progress) => {
      if (options.json || progress.phase !== "tuning" || Date.now() - shown < 10_000) return;
      shown = Date.now();
      const left = progress.seconds_left?.toFixed(0);
      process.stderr.write(
        `${task} ${method}: step ${progress.step}/${progress.total_steps}, ${left} s left\r`,
      );
    },
    new AbortController().signal,
  );
  if (!evaluation) throw new Error(`Dataset "${task}" has no rows to evaluate on`);
  const { tuned, base } = evaluation;
  return {
    task,
    method,
    seed,
    accuracy: (tuned.accuracy ?? 0) * 100,
    macro_f1: (tuned.macro_f1 ?? 0) * 100,
    loss: tuned.loss,
    base_accuracy: (base.accuracy ?? 0) * 100,
    seconds,
    chosen,
  };
}

const line = (r: Result) =>
  `${r.task} ${r.method} seed ${r.seed}: accuracy ${r.accuracy.toFixed(1)} (base ${r.base_accuracy.toFixed(1)}), ` +
  `macro-F1 ${r.macro_f1.toFixed(1)}, ${r.loss.toFixed(3)} nats/token, ${r.seconds.toFixed(0)} s`;

function summary(task: string, method: string, results: readonly Result[]): string {
  const accuracies = results.filter((r) => r.task === task && r.method === method).map((r) => r.accuracy);
  const mean = accuracies.reduce((sum, a) => sum + a, 0) / accuracies.length;
  const spread = Math.max(...accuracies) - Math.min(...accuracies);
  return `  ${task} ${method}: mean ${mean.toFixed(1)}, spread ${spread.toFixed(1)} over ${accuracies.length} seeds`;
}
