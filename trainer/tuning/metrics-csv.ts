import type { StepMetrics } from "./tune.ts";

/** Columns of the result file of OpenAI's fine-tuning jobs. Training accuracy is by tokens, too. */
const COLUMNS = ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"];

/** The run's figures as CSV, a line a step; what a step did not measure is empty. Losses in nats. */
export function metricsCsv(history: readonly StepMetrics[]): string {
  const lines = history.map(({ step, trainLoss, trainAccuracy, valid }) =>
    [
      step,
      number(trainLoss),
      number(trainAccuracy),
      valid ? number(valid.loss) : "",
      valid ? number(valid.tokenAccuracy) : "",
    ].join(","),
  );
  return `${[COLUMNS.join(","), ...lines].join("\n")}\n`;
}

const number = (x: number) => x.toFixed(5);
