import type { Command } from "commander";
import { connect, group, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { datasetText } from "../dataset-text.ts";
import { exitCodes } from "../exit-codes.ts";
import { print, printJson, table, when } from "../output.ts";
import { datasetShape, deletedShape, type Dataset } from "../shapes.ts";
import { readSettings, uploadDataset } from "../upload-dataset.ts";
import { validateFile } from "../validate-file.ts";

/** `foreword datasets`: check, upload and look at datasets. */
export function addDatasets(program: Command): void {
  const datasets = group(program, "datasets", "Check, upload and list datasets", "datasets ls");

  leaf(datasets, "validate <file>", "Check a JSONL file on this machine, with the server's rules", [
    "datasets validate train.jsonl",
    "cat train.jsonl | foreword datasets validate - --json",
  ]).action(async (file: string, { json }: CommonOptions) => {
    const report = await validateFile(file);
    if (json) printJson(report);
    else print(datasetText(report));
    if (report.errorCount > 0) process.exitCode = exitCodes.validation;
  });

  leaf(datasets, "push <name> <file>", "Upload a dataset; unless told otherwise, without tuning on it", [
    "datasets push spam train.jsonl",
    "datasets push spam train.jsonl --valid valid.jsonl --test test.jsonl --tune",
  ])
    .option("--valid <file>", "rows to stop tuning early by")
    .option("--test <file>", "rows that tuning never sees, to be scored")
    .option("--settings <file>", "a tune.json: base model and hyper-parameters")
    .option("--tune", "start a tuning job too")
    .action(async (name: string, train: string, options: PushOptions) => {
      const settings = options.settings === undefined ? undefined : await readSettings(options.settings);
      const { valid, test, tune = false, json } = options;
      const dataset = await uploadDataset(connect(), { name, train, valid, test, settings, tune });
      if (json) printJson(dataset);
      else print(describe(dataset));
    });

  leaf(datasets, "ls", "List datasets, newest first", ["datasets ls", "datasets ls --json | jq .data[0].id"])
    .option("--limit <n>", "how many", wholeNumber(), 20)
    .action(async ({ json, limit }: ListOptions) => {
      const data = await connect().list("v1/datasets", datasetShape, limit);
      if (json) printJson({ object: "list", data });
      else print(table(data.map(row), "No datasets"));
    });

  leaf(datasets, "show <dataset>", "Show a dataset by id, or the newest version of a name", [
    "datasets show spam",
  ]).action(async (id: string, { json }: CommonOptions) => {
    const dataset = await connect().call(`v1/datasets/${encodeURIComponent(id)}`, datasetShape);
    if (json) printJson(dataset);
    else print(describe(dataset));
  });

  leaf(datasets, "rm <dataset>", "Delete a dataset, all its versions", ["datasets rm spam"]).action(
    async (id: string, { json }: CommonOptions) => {
      const path = `v1/datasets/${encodeURIComponent(id)}`;
      const answer = await connect().call(path, deletedShape, { method: "DELETE" });
      if (json) printJson(answer);
      else print(`Deleted ${answer.id}`);
    },
  );
}

interface PushOptions extends CommonOptions {
  readonly valid?: string;
  readonly test?: string;
  readonly settings?: string;
  readonly tune?: boolean;
}
interface ListOptions extends CommonOptions {
  readonly limit: number;
}

function row({ id, name, status, rows, created_at: created }: Dataset): Record<string, string> {
  return { id, name, status, rows: String(rows), created: when(created) };
}

function describe({ error_count: errorCount, ...dataset }: Dataset): string {
  const { id, name, status, created_at: created } = dataset;
  return datasetText({ ...dataset, errorCount }, { id, name, status, created: when(created) });
}
