import type { Command } from "commander";
import { parseRow } from "../../../shared/text/dataset-row.ts";
import { findLabels } from "../../../shared/text/validate-dataset.ts";
import { expectedAnswer } from "../../../shared/text/render.ts";
import type { DatasetRow } from "../../../shared/contracts/dataset.ts";
import type { Client } from "../client.ts";
import { classifyRow, parseQuestion, type Question } from "../classify-row.ts";
import { connect, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { scoreText, type TextScore } from "../free-text.ts";
import { inOrder } from "../in-order.ts";
import { badLine, readTextLines } from "../jsonl.ts";
import { fields, percent, print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { scorePredictions, type Prediction, type Score } from "../score.ts";

const USUAL_CONCURRENCY = 4;

interface EvalOptions extends CommonOptions {
  readonly labels?: string[];
  readonly limit?: number;
  readonly concurrency: number;
}
interface Row {
  readonly question: Question;
  readonly wanted: string;
  readonly row: DatasetRow;
}
/** What the classifications API takes. */
const MAX_LABELS = 256;

/** `foreword eval`: how often a model's label, or its whole answer, is the right one. */
export function addEval(program: Command): void {
  leaf(
    program,
    "eval <model> <file>",
    "Score a model on a JSONL file: accuracy and F1 of labels, exact match and token accuracy of free text",
    ["eval $MODEL test.jsonl", "eval minimind2-small test.jsonl --limit 50 --json"],
  )
    .option(
      "--labels <label...>",
      "labels to choose from; those that occur in the file, where it is a label task",
    )
    .option("--limit <n>", "only the first rows", wholeNumber())
    .option("--concurrency <n>", "requests at a time", wholeNumber(), USUAL_CONCURRENCY)
    .action(async (model: string, file: string, options: EvalOptions) => {
      const { rows, labels } = await readRows(file, options);
      const client = connect();
      if (labels === null) {
        const scores = await each(rows, options, async ({ row }) => scoreText(client, model, row));
        const score = meanScore(scores);
        if (options.json) printJson({ model, ...score });
        else print(freeText(score));
      } else {
        const score = scorePredictions(
          await each(rows, options, async (row) => predict(client, model, row, labels)),
        );
        if (options.json) printJson({ model, ...score });
        else print(labelText(score));
      }
    });
}

/** The rows of a file, and its labels; null where the answers are free text. */
async function readRows(
  file: string,
  { limit, labels: given }: EvalOptions,
): Promise<{ rows: Row[]; labels: readonly string[] | null }> {
  const rows: Row[] = [];
  for await (const line of readTextLines(file)) {
    if (rows.length === limit) break;
    try {
      const row = parseRow(line.text);
      rows.push({ question: parseQuestion(line), wanted: expectedAnswer(row).trim(), row });
    } catch (error) {
      throw badLine(line.number, error instanceof Error ? error.message : String(error));
    }
  }
  const parsed = rows.map(({ row }) => row);
  const named = parsed.every(({ format }) => format === "label");
  // Taken as they were trained: space in front of a completion is part of it.
  const labels = given ?? findLabels(parsed) ?? (named ? [...new Set(parsed.map(expectedAnswer))] : null);
  if (rows.length > 0 && (labels === null || (labels.length >= 2 && labels.length <= MAX_LABELS)))
    return { rows, labels };
  throw new CliError(
    `"${file}" has ${rows.length} rows with ${labels?.length ?? 0} different labels, wanted rows, and 2 to ${MAX_LABELS} labels`,
    exitCodes.validation,
    { code: "no_labels" },
  );
}

async function predict(
  client: Client,
  model: string,
  { question, wanted }: Row,
  labels: readonly string[],
): Promise<Prediction> {
  const { label } = await classifyRow(client, model, question, labels);
  return { wanted, found: label.trim() };
}

/** Asks about every row, several at a time, and shows how far it is. */
async function each<T>(
  rows: readonly Row[],
  { concurrency }: EvalOptions,
  ask: (row: Row) => Promise<T>,
): Promise<T[]> {
  const progress = createProgress();
  const results: T[] = [];
  for await (const result of inOrder(rows, concurrency, ask)) {
    results.push(result);
    if (process.stderr.isTTY) progress.show(`${results.length} of ${rows.length} rows`);
  }
  progress.done();
  return results;
}

function meanScore(scores: readonly TextScore[]) {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    rows: scores.length,
    exact_match: mean(scores.map(({ exact }) => Number(exact))),
    /** Over all tokens, not over rows. */
    token_accuracy: mean(scores.flatMap(({ tokens }) => tokens.map(Number))),
  };
}

function freeText({
  rows,
  exact_match: exact,
  token_accuracy: tokens,
}: ReturnType<typeof meanScore>): string {
  return fields({
    rows,
    "exact match": percent(exact),
    "token accuracy": tokens === null ? null : percent(tokens),
  });
}

function labelText({ rows, accuracy, macro_f1: macroF1, labels }: Score): string {
  const byLabel = labels.map(({ label, rows: count, precision, recall, f1 }) => ({
    label,
    rows: String(count),
    precision: percent(precision),
    recall: percent(recall),
    f1: percent(f1),
  }));
  const head = fields({ rows, accuracy: percent(accuracy), "macro-F1": percent(macroF1) });
  return `${head}\n\n${table(byLabel, "No labels")}`;
}
