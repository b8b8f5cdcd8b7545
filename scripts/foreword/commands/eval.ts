import type { Command } from "commander";
import { parseRow } from "../../../shared/text/dataset-row.ts";
import { findLabels } from "../../../shared/text/validate-dataset.ts";
import { expectedAnswer } from "../../../shared/text/render.ts";
import { classifyRow, parseQuestion, type Question } from "../classify-row.ts";
import { connect, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
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
}

/** `foreword eval`: how often a model's label is the right one. */
export function addEval(program: Command): void {
  leaf(program, "eval <model> <file>", "Score a model on a labelled JSONL file: accuracy and macro-F1", [
    "eval $MODEL test.jsonl",
    "eval minimind2-small test.jsonl --limit 50 --json",
  ])
    .option("--labels <label...>", "labels to choose from; those that occur in the file")
    .option("--limit <n>", "only the first rows", wholeNumber())
    .option("--concurrency <n>", "requests at a time", wholeNumber(), USUAL_CONCURRENCY)
    .action(async (model: string, file: string, options: EvalOptions) => {
      const { rows, labels } = await readRows(file, options);
      const score = scorePredictions(await predict(model, rows, labels, options.concurrency));
      if (options.json) printJson({ model, ...score });
      else print(scoreText(score));
    });
}

async function readRows(file: string, options: EvalOptions): Promise<{ rows: Row[]; labels: string[] }> {
  const parsed = [];
  const rows: Row[] = [];
  for await (const line of readTextLines(file)) {
    if (rows.length === options.limit) break;
    try {
      const row = parseRow(line.text);
      parsed.push(row);
      rows.push({ question: parseQuestion(line), wanted: expectedAnswer(row).trim() });
    } catch (error) {
      throw badLine(line.number, error instanceof Error ? error.message : String(error));
    }
  }
  // Taken as they were trained: space in front of a completion is part of it.
  const labels = options.labels ?? findLabels(parsed) ?? [...new Set(parsed.map(expectedAnswer))];
  const most = 256;
  if (labels.length >= 2 && labels.length <= most) return { rows, labels };
  throw new CliError(
    `"${file}" has ${labels.length} different answers, wanted 2 to ${most} labels: only label tasks can be scored`,
    exitCodes.validation,
    { code: "no_labels" },
  );
}

async function predict(
  model: string,
  rows: readonly Row[],
  labels: readonly string[],
  concurrency: number,
): Promise<Prediction[]> {
  const client = connect();
  const progress = createProgress();
  const predictions: Prediction[] = [];
  const each = (async function* () {
    yield* rows;
  })();
  const answers = inOrder(each, concurrency, async ({ question, wanted }) => {
    const { label } = await classifyRow(client, model, question, labels);
    return { wanted, found: label.trim() };
  });
  for await (const prediction of answers) {
    predictions.push(prediction);
    if (process.stderr.isTTY) progress.show(`${predictions.length} of ${rows.length} rows`);
  }
  progress.done();
  return predictions;
}

function scoreText({ rows, accuracy, macro_f1: macroF1, labels }: Score): string {
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
