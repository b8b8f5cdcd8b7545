import {
  datasetLimits,
  type DatasetRow,
  type RowError,
  type RowErrorCode,
  type RowFormat,
  type ValidationReport,
} from "../contracts/dataset.ts";
import { InvalidRequestError } from "../errors.ts";
import { readLines } from "../formats/jsonl.ts";
import { parseRow, RowParseError } from "./dataset-row.ts";
import { expectedAnswer, tokenizeRow } from "./render.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import { EvenSample, tokenStatistics } from "./token-statistics.ts";

/** With more distinct completions than this, a task is generation, not classification. */
const MAX_LABELS = 64;
/** A completion longer than this is no label. In characters. */
const MAX_LABEL_LENGTH = 64;
/** A label must recur: with fewer rows a label than this on average, completions are free text. */
const MIN_ROWS_PER_LABEL = 3;
/** UTF-8 bytes of one UTF-16 code unit, at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;

/**
 * Reads a whole dataset as a stream and reports what is wrong with it, line by line. Memory is bounded by one line, the
 * first errors and the label counts.
 *
 * @param maxTokens tokens that one row may have, so that it fits the context behind the longest soft prompt
 */
export async function validateDataset(
  stream: AsyncIterable<Uint8Array>,
  tokenizer: TextTokenizer,
  maxTokens: number,
): Promise<ValidationReport> {
  const errors: RowError[] = [];
  let errorCount = 0;
  let rows = 0;
  let format: RowFormat | null = null;
  const labels = new LabelCounter();
  const lengths = new EvenSample();
  const report = (error: RowError) => {
    errorCount++;
    if (errors.length < datasetLimits.reportedErrors) errors.push(error);
  };
  const fail = (line: number, code: RowErrorCode, message: string) => report({ line, code, message });

  for await (const line of readLines(stream)) {
    if (rows >= datasetLimits.rows) {
      fail(line.number, "too_many_rows", `Dataset has more than ${datasetLimits.rows} rows`);
      break;
    }
    rows++;
    if ("error" in line) {
      report(line.error);
      continue;
    }
    try {
      const row = parseRow(line.text);
      format ??= row.format;
      if (row.format !== format) {
        throw new RowParseError(
          "mixed_formats",
          `Row is of format "${row.format}", the first one of "${format}"`,
        );
      }
      // No token is shorter than a byte, so a short line needs no tokenising to be known to fit.
      const sampled = lengths.wants();
      if (sampled || line.text.length * MAX_BYTES_PER_CODE_UNIT > maxTokens) {
        const tokens = tokenizeRow(row, tokenizer).ids.length;
        if (sampled) lengths.add(tokens);
        if (tokens > maxTokens) {
          throw new RowParseError(
            "too_long",
            `Row has ${tokens} tokens, at most ${maxTokens} fit the model's context`,
          );
        }
      }
      labels.add(expectedAnswer(row));
    } catch (error) {
      // The tokenizer's refusals too: a conversation that the model's chat template does not take.
      if (!(error instanceof InvalidRequestError)) throw error;
      fail(line.number, error instanceof RowParseError ? error.rowCode : "invalid_row", error.message);
    }
  }
  if (rows === 0) fail(1, "no_rows", "Dataset has no rows");
  return {
    rows,
    format,
    errorCount,
    errors,
    labels: labels.counts(rows),
    tokens: tokenStatistics(lengths.values()),
  };
}

/** The distinct answers of a label task, sorted; null where the rows are free text. */
export function findLabels(rows: readonly DatasetRow[]): string[] | null {
  const counter = new LabelCounter();
  for (const row of rows) counter.add(expectedAnswer(row));
  const counts = counter.counts(rows.length);
  return counts && Object.keys(counts);
}

/** Counts answers as long as there are few enough for a label task. */
export class LabelCounter {
  #counts: Map<string, number> | null = new Map();

  get mayBeLabels(): boolean {
    return this.#counts !== null;
  }

  add(answer: string): void {
    if (!this.#counts) return;
    this.#counts.set(answer, (this.#counts.get(answer) ?? 0) + 1);
    if (this.#counts.size > MAX_LABELS || answer.length > MAX_LABEL_LENGTH) this.#counts = null;
  }

  /** Rows of each label, sorted by label; null where `rows` rows with these answers are free text. */
  counts(rows: number): Record<string, number> | null {
    if (!this.#counts || this.#counts.size < 2 || rows < this.#counts.size * MIN_ROWS_PER_LABEL) return null;
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
