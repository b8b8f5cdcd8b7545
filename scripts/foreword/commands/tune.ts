import { basename } from "node:path";
import { Option, type Command } from "commander";
import { tuningMethods } from "../../../shared/contracts/job.ts";
import type { Client } from "../client.ts";
import { connect, leaf, positiveNumber, wholeNumber, type CommonOptions } from "../command.ts";
import { jobText } from "../job-text.ts";
import { note, print, printJson } from "../output.ts";
import { jobShape, type Dataset, type Job } from "../shapes.ts";
import { readSettings, uploadDataset, type Settings } from "../upload-dataset.ts";
import { watchJob } from "../watch-job.ts";

/** More jobs than anybody starts between an upload and the question which job it made. */
const RECENT_JOBS = 100;
const USUAL_MODEL = "minimind2-small";

interface TuneOptions extends CommonOptions {
  readonly name?: string;
  readonly valid?: string;
  readonly test?: string;
  readonly settings?: string;
  readonly model?: string;
  readonly suffix?: string;
  readonly method?: Settings["method"];
  readonly virtualTokens?: number;
  readonly learningRate?: number;
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly initialText?: string;
  readonly seed?: number;
  readonly watch?: boolean;
}

/** `foreword tune`: upload a dataset with its settings, which starts a job. */
export function addTune(program: Command): void {
  leaf(program, "tune <file>", "Upload a JSONL file and tune on it", [
    "tune train.jsonl --name spam --test test.jsonl --watch",
    "tune train.jsonl --name spam --virtual-tokens 20 --epochs 5 --json",
  ])
    .option("--name <name>", "the dataset's name; the file's name without its ending")
    .option("--valid <file>", "rows to stop tuning early by")
    .option("--test <file>", "rows that tuning never sees, to be scored")
    .option("--settings <file>", "a tune.json to start from; options below win over it")
    .option("--model <model>", "base model")
    .option("--suffix <suffix>", "part of the tuned model's name")
    .addOption(new Option("--method <method>", "how to tune").choices(["auto", ...tuningMethods]))
    .option("--virtual-tokens <n>", "length of the soft prompt", wholeNumber())
    .option("--learning-rate <rate>", "step size", positiveNumber)
    .option("--epochs <n>", "passes over the rows", positiveNumber)
    .option("--batch-size <n>", "rows a step", wholeNumber())
    .option("--initial-text <text>", "text that the soft prompt starts from")
    .option("--seed <n>", "seed of all chance", wholeNumber(0))
    .option("--watch", "show progress until the job ends; Ctrl-C leaves the job alone")
    .action(async (train: string, options: TuneOptions) => {
      const client = connect();
      const name =
        options.name ??
        basename(train)
          .replace(/\.[^.]*$/, "")
          .toLowerCase();
      const settings = await settingsOf(options);
      const earlier = await client.list("v1/fine_tuning/jobs", jobShape, RECENT_JOBS);
      const dataset = await uploadDataset(client, {
        name,
        train,
        valid: options.valid,
        test: options.test,
        settings,
        tune: true,
      });
      note(`Dataset ${dataset.name} (${dataset.id}): ${dataset.rows} rows`);
      const job = await findOrCreateJob(
        client,
        dataset,
        settings ?? {},
        new Set(earlier.map(({ id }) => id)),
      );
      note(`Job ${job.id}`);
      const last = options.watch ? await watchJob(client, job.id) : job;
      if (options.json) printJson(last);
      else print(options.watch ? jobText(last) : last.id);
    });
}

/** What goes into tune.json; undefined where nothing was asked for, so that a kept one stays as it is. */
async function settingsOf(options: TuneOptions): Promise<Settings | undefined> {
  const given = {
    base_model: options.model,
    suffix: options.suffix,
    method: options.method,
    virtual_tokens: options.virtualTokens,
    learning_rate: options.learningRate,
    epochs: options.epochs,
    batch_size: options.batchSize,
    initial_text: options.initialText,
    seed: options.seed,
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const file = options.settings === undefined ? {} : await readSettings(options.settings);
  const settings = { ...file, ...set };
  return Object.keys(settings).length === 0 ? undefined : settings;
}

/**
 * The job that the upload made. The same bytes make a job by themselves only once: uploading them again with other
 * settings needs one to be asked for, and without settings a job that is under way will do.
 */
async function findOrCreateJob(
  client: Client,
  dataset: Dataset,
  settings: Settings,
  earlier: ReadonlySet<string>,
): Promise<Job> {
  const jobs = await client.list("v1/fine_tuning/jobs", jobShape, RECENT_JOBS);
  const own = jobs.filter((job) => job.training_file === dataset.id);
  const made = own.find(({ id }) => !earlier.has(id));
  if (made) return made;
  const live = own.find(({ status }) => status === "queued" || status === "running");
  if (live && Object.keys(settings).length === 0) return live;
  const { base_model: model = USUAL_MODEL, suffix, seed, ...foreword } = settings;
  return client.call("v1/fine_tuning/jobs", jobShape, {
    method: "POST",
    body: { model, training_file: dataset.id, suffix, seed, foreword },
  });
}
