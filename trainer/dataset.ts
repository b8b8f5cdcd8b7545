import { datasetFiles, datasetKey, type DatasetRow } from "../shared/contracts/dataset.ts";
import type { LeasedJob } from "../shared/contracts/job.ts";
import { InvalidDataError } from "../shared/errors.ts";
import { readLines } from "../shared/formats/jsonl.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { parseRow } from "../shared/text/dataset-row.ts";
import { expectedAnswer, plainText, tokenizeRow } from "../shared/text/render.ts";
import type { TextTokenizer } from "../shared/text/tokenizer.ts";
import { findLabels } from "../shared/text/validate-dataset.ts";
import type { TokenizedExample } from "./model/training-batch.ts";
import type { EvaluationSplit, LabelledExample } from "./tuning/evaluate.ts";

/** Rows that tuning does not see, to be scored before and after. */
export type HeldOut = { readonly split: EvaluationSplit } & (
  | { readonly labelled: readonly LabelledExample[] }
  | { readonly text: readonly TokenizedExample[] }
);

export interface TrainingData {
  /** Tokens that begin every example; they are left out of the examples and computed once a step. */
  readonly sharedTokens: readonly number[];
  readonly train: readonly TokenizedExample[];
  /** The completions of a label task, sorted; null for free text. */
  readonly labels: readonly string[] | null;
  /** Each label's tokens, the end token last, and each training row's label. */
  readonly labelTokens: readonly (readonly number[])[] | null;
  readonly answers: readonly number[] | null;
  /** Rows to stop by, and rows for the reported quality: the test rows, else those to stop by. */
  readonly valid: HeldOut | null;
  readonly heldOut: HeldOut | null;
}

/** The dataset was replaced or deleted after the job was made. */
export class DatasetGoneError extends InvalidDataError {}

/** Reads and tokenises a job's dataset. Throws DatasetGoneError when the version that the job names is not there. */
export async function readTrainingData(
  store: ObjectStore,
  { organization, dataset }: LeasedJob,
  tokenizer: TextTokenizer,
): Promise<TrainingData> {
  const read = (file: string) => readRows(store, datasetKey(organization, dataset.name, file));
  const file = await read(datasetFiles.train);
  if (!file || file.etag !== dataset.etag) {
    const found = file ? `version "${file.etag}"` : "nothing";
    throw new DatasetGoneError(
      `Dataset "${dataset.name}" has ${found}, the job wants version "${dataset.etag}"`,
      {
        code: "dataset_gone",
      },
    );
  }
  const labels = findLabels(file.rows);
  const train = file.rows.map((row) => toExample(row, tokenizer));
  const answers = labels && file.rows.map((row) => labels.indexOf(expectedAnswer(row)));
  const [first] = file.rows;
  const labelTokens = labels && first ? withAlternatives(first, labels, tokenizer).completions : null;
  const valid = await readHeldOut(read, "valid", labels, tokenizer);
  const heldOut = (await readHeldOut(read, "test", labels, tokenizer)) ?? valid;
  return shareBeginning({ train, labels, labelTokens, answers, valid, heldOut });
}

async function readHeldOut(
  read: (file: string) => Promise<{ rows: DatasetRow[] } | null>,
  split: "test" | "valid",
  labels: readonly string[] | null,
  tokenizer: TextTokenizer,
): Promise<HeldOut | null> {
  const file = await read(datasetFiles[split]);
  if (!file || file.rows.length === 0) return null;
  const expected = file.rows.map((row) => labels?.indexOf(expectedAnswer(row)) ?? -1);
  // A label that training never showed makes the rows free text: no scoring over known labels would be fair.
  if (!labels || expected.includes(-1))
    return { split, text: file.rows.map((row) => toExample(row, tokenizer)) };
  const labelled = file.rows.map((row, i) => ({
    example: withAlternatives(row, labels, tokenizer),
    expected: expected[i] as number,
  }));
  return { split, labelled };
}

/** A row in tokens: its last target is the completion, earlier ones (assistant turns) are targets within the context. */
function toExample(row: DatasetRow, tokenizer: TextTokenizer): TokenizedExample {
  const { ids, targets } = tokenizeRow(row, tokenizer);
  const [begin, end] = targets.at(-1) as readonly [number, number];
  const contextTargets = targets.slice(0, -1).flatMap(([from, to]) => range(from, to));
  return { context: ids.slice(0, begin), completions: [ids.slice(begin, end)], contextTargets };
}

/** The row's context, with each of the labels as a completion. */
function withAlternatives(
  row: DatasetRow,
  labels: readonly string[],
  tokenizer: TextTokenizer,
): TokenizedExample {
  const examples = labels.map((label) => toExample(withAnswer(row, label), tokenizer));
  return {
    context: examples[0]?.context ?? [],
    completions: examples.flatMap(({ completions }) => completions),
  };
}

function withAnswer(row: DatasetRow, answer: string): DatasetRow {
  if (row.format === "messages") {
    return { ...row, messages: row.messages.with(-1, { role: "assistant", content: answer }) };
  }
  const { prompt } = plainText(row) as { prompt: string };
  return { format: "completion", prompt, completion: answer };
}

/** Takes the longest beginning that all examples have in common out of them, as far as none of it is a target. */
function shareBeginning(data: Omit<TrainingData, "sharedTokens">): TrainingData {
  const { train } = data;
  const scored = [data.valid, data.heldOut].flatMap((rows) => {
    if (!rows) return [];
    return "labelled" in rows ? rows.labelled.map(({ example }) => example) : rows.text;
  });
  const sharedTokens = [...train, ...scored].reduce<readonly number[]>(
    (shared, { context, contextTargets }, i) => {
      const usable = context.slice(0, contextTargets?.[0]);
      if (i === 0) return usable;
      const differs = shared.findIndex((id, k) => usable[k] !== id);
      return differs < 0 ? shared : shared.slice(0, differs);
    },
    [],
  );
  const cut = (example: TokenizedExample): TokenizedExample => ({
    ...example,
    context: example.context.slice(sharedTokens.length),
    contextTargets: (example.contextTargets ?? []).map((index) => index - sharedTokens.length),
  });
  return {
    ...data,
    sharedTokens,
    train: train.map(cut),
    valid: cutHeldOut(data.valid, cut),
    heldOut: cutHeldOut(data.heldOut, cut),
  };
}

function cutHeldOut(
  heldOut: HeldOut | null,
  cut: (example: TokenizedExample) => TokenizedExample,
): HeldOut | null {
  if (!heldOut) return null;
  return "labelled" in heldOut
    ? { ...heldOut, labelled: heldOut.labelled.map((row) => ({ ...row, example: cut(row.example) })) }
    : { ...heldOut, text: heldOut.text.map(cut) };
}

async function readRows(
  store: ObjectStore,
  key: string,
): Promise<{ rows: DatasetRow[]; etag: string } | null> {
  const object = await store.get(key);
  if (!object) return null;
  const rows: DatasetRow[] = [];
  for await (const line of readLines(object.body)) {
    if ("error" in line) throw new InvalidDataError(`"${key}", line ${line.number}: ${line.error.message}`);
    rows.push(parseRow(line.text));
  }
  return { rows, etag: object.etag };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
