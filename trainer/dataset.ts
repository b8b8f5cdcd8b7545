import { datasetFiles, datasetKey, type DatasetRow } from "../shared/contracts/dataset.ts";
import type { LeasedJob } from "../shared/contracts/job.ts";
import { InvalidDataError } from "../shared/errors.ts";
import { readLines } from "../shared/formats/jsonl.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { parseRow } from "../shared/text/dataset-row.ts";
import { expectedAnswer, plainText, tokenizeRow } from "../shared/text/render.ts";
import type { TextTokenizer } from "../shared/text/tokenizer.ts";
import { LabelCounter } from "../shared/text/validate-dataset.ts";
import { createExampleFile } from "./example-file.ts";
import type { TokenizedExample } from "./model/training-batch.ts";
import type { LazyList } from "./lazy-list.ts";
import type { EvaluationSplit, LabelledExample } from "./tuning/evaluate.ts";

/** Rows that tuning does not see, to be scored before and after. */
export type HeldOut = { readonly split: EvaluationSplit } & (
  | { readonly labelled: readonly LabelledExample[] }
  | { readonly text: readonly TokenizedExample[] }
);

/** Dispose of it to free the disk that the training rows take. */
export interface TrainingData extends Disposable {
  /** Tokens that begin every example; they are left out of the examples and computed once a step. */
  readonly sharedTokens: readonly number[];
  /** Lies on disk: a dataset may be larger than memory. */
  readonly train: LazyList<TokenizedExample>;
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

/**
 * Reads a job's dataset and tokenises it once, row by row, into a file in `folder`. Throws DatasetGoneError when the version
 * that the job names is not there, and what the signal was aborted with.
 */
export async function readTrainingData(
  store: ObjectStore,
  { organization, dataset }: LeasedJob,
  tokenizer: TextTokenizer,
  folder: string,
  signal: AbortSignal,
): Promise<TrainingData> {
  const open = (file: string) => openRows(store, datasetKey(organization, dataset.name, file));
  const file = await open(datasetFiles.train);
  if (!file || file.etag !== dataset.etag) {
    const found = file ? `version "${file.etag}"` : "nothing";
    throw new DatasetGoneError(
      `Dataset "${dataset.name}" has ${found}, the job wants version "${dataset.etag}"`,
      {
        code: "dataset_gone",
      },
    );
  }
  const examples = createExampleFile(folder);
  try {
    const beginning = new CommonBeginning();
    const answers = new AnswerList();
    let first: DatasetRow | undefined;
    for await (const row of file.rows) {
      signal.throwIfAborted();
      first ??= row;
      const example = toExample(row, tokenizer);
      beginning.add(example);
      answers.add(expectedAnswer(row));
      examples.add(example);
    }
    const labels = answers.labels();
    const readSplit = (split: "test" | "valid") => readHeldOut(open, split, labels, tokenizer, beginning);
    const valid = await readSplit("valid");
    const heldOut = (await readSplit("test")) ?? valid;
    const { tokens } = beginning;
    return {
      sharedTokens: tokens,
      train: examples.read(tokens.length),
      labels,
      labelTokens: labels && first ? withAlternatives(first, labels, tokenizer).completions : null,
      answers: labels && answers.indices(labels),
      valid: cutHeldOut(valid, tokens.length),
      heldOut: cutHeldOut(heldOut, tokens.length),
      [Symbol.dispose]: () => examples[Symbol.dispose](),
    };
  } catch (error) {
    examples[Symbol.dispose]();
    throw error;
  }
}

/** The rows' answers, as long as they may be labels. */
class AnswerList {
  readonly #counter = new LabelCounter();
  readonly #ids = new Map<string, number>();
  #rows: number[] = [];
  #count = 0;

  add(answer: string): void {
    this.#count++;
    this.#counter.add(answer);
    if (!this.#counter.mayBeLabels) {
      this.#rows = [];
      return;
    }
    const id = this.#ids.get(answer) ?? this.#ids.size;
    this.#ids.set(answer, id);
    this.#rows.push(id);
  }

  /** The distinct answers of a label task, sorted; null where the rows are free text. */
  labels(): string[] | null {
    const counts = this.#counter.counts(this.#count);
    return counts && Object.keys(counts);
  }

  /** Each row's label. */
  indices(labels: readonly string[]): number[] {
    const places = [...this.#ids.keys()].map((answer) => labels.indexOf(answer));
    return this.#rows.map((id) => places[id] as number);
  }
}

async function readHeldOut(
  open: (file: string) => Promise<{ rows: AsyncIterable<DatasetRow> } | null>,
  split: "test" | "valid",
  labels: readonly string[] | null,
  tokenizer: TextTokenizer,
  beginning: CommonBeginning,
): Promise<HeldOut | null> {
  const file = await open(datasetFiles[split]);
  const rows = file ? await Array.fromAsync(file.rows) : [];
  if (rows.length === 0) return null;
  const expected = rows.map((row) => labels?.indexOf(expectedAnswer(row)) ?? -1);
  // A label that training never showed makes the rows free text: no scoring over known labels would be fair.
  if (!labels || expected.includes(-1)) {
    const text = rows.map((row) => toExample(row, tokenizer));
    for (const example of text) beginning.add(example);
    return { split, text };
  }
  const labelled = rows.map((row, i) => ({
    example: withAlternatives(row, labels, tokenizer),
    expected: expected[i] as number,
  }));
  for (const { example } of labelled) beginning.add(example);
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

/** The longest beginning that all examples have in common, as far as none of it is a target. */
class CommonBeginning {
  #tokens: readonly number[] | undefined;

  add({ context, contextTargets }: TokenizedExample): void {
    if (!this.#tokens) {
      this.#tokens = context.slice(0, contextTargets?.[0]);
      return;
    }
    const end = contextTargets?.[0] ?? context.length;
    const differs = this.#tokens.findIndex((id, i) => i >= end || context[i] !== id);
    if (differs >= 0) this.#tokens = this.#tokens.slice(0, differs);
  }

  get tokens(): readonly number[] {
    return this.#tokens ?? [];
  }
}

function cutHeldOut(heldOut: HeldOut | null, shared: number): HeldOut | null {
  if (!heldOut) return null;
  const cut = (example: TokenizedExample): TokenizedExample => ({
    ...example,
    context: example.context.slice(shared),
    contextTargets: (example.contextTargets ?? []).map((index) => index - shared),
  });
  return "labelled" in heldOut
    ? { ...heldOut, labelled: heldOut.labelled.map((row) => ({ ...row, example: cut(row.example) })) }
    : { ...heldOut, text: heldOut.text.map(cut) };
}

async function openRows(
  store: ObjectStore,
  key: string,
): Promise<{ rows: AsyncIterable<DatasetRow>; etag: string } | null> {
  const object = await store.get(key);
  return object && { rows: parseRows(object.body, key), etag: object.etag };
}

async function* parseRows(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<DatasetRow> {
  for await (const line of readLines(body)) {
    if ("error" in line) throw new InvalidDataError(`"${key}", line ${line.number}: ${line.error.message}`);
    yield parseRow(line.text);
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
