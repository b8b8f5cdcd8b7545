import type { Command } from "commander";
import { classifyRow, parseQuestion } from "../classify-row.ts";
import { connect, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { inOrder } from "../in-order.ts";
import { readTextLines } from "../jsonl.ts";
import { printJson } from "../output.ts";
import { createProgress } from "../progress.ts";

const USUAL_CONCURRENCY = 4;

interface ClassifyOptions extends CommonOptions {
  readonly labels?: string[];
  readonly concurrency: number;
}

/** `foreword classify`: a filter, JSONL in and JSONL out, in the same order. */
export function addClassify(program: Command): void {
  leaf(program, "classify <model>", "Label each JSONL line of stdin; JSONL in the same order on stdout", [
    "classify $MODEL < rows.jsonl > labels.jsonl",
    `echo '{"text": "You won"}' | foreword classify minimind2-small --labels spam ham`,
  ])
    .option("--labels <label...>", "labels to choose from; those the model was tuned on")
    .option("--concurrency <n>", "requests at a time", wholeNumber(), USUAL_CONCURRENCY)
    .action(async (model: string, { labels, concurrency }: ClassifyOptions) => {
      const client = connect();
      const progress = createProgress();
      let count = 0;
      const results = inOrder(readTextLines("-"), concurrency, async (line) => ({
        line: line.number,
        ...(await classifyRow(client, model, parseQuestion(line), labels)),
      }));
      try {
        for await (const { line, label, scores } of results) {
          printJson({
            line,
            label,
            scores: Object.fromEntries(scores.map((score) => [score.label, score.probability])),
          });
          count++;
          if (process.stderr.isTTY) progress.show(`${count} rows`);
        }
      } finally {
        progress.done();
      }
    });
}
