import { MAX_CHECKPOINTS, type StepMetrics as JobMetrics } from "../../shared/contracts/job.ts";
import type { StepMetrics, TuneState } from "./tune.ts";

/** What a run had come to at a validation. */
export interface Snapshot {
  readonly step: number;
  readonly parameters: Float32Array;
  readonly metrics: JobMetrics;
}

export interface Snapshots {
  take(state: TuneState): void;
  /** The last ones, oldest first, without that of the step which became the prompt itself. */
  but(step: number): readonly Snapshot[];
}

/** Keeps a run's last validated parameters. A run that goes on after another's checkpoint has those of its own part. */
export function createSnapshots(): Snapshots {
  const taken: Snapshot[] = [];
  return {
    take({ step, average, history }) {
      taken.push({ step, parameters: average, metrics: metricsOf(history.at(-1)) });
      // One more than is kept, because the best may be among them.
      if (taken.length > MAX_CHECKPOINTS + 1) taken.shift();
    },
    but: (step) => taken.filter((one) => one.step !== step).slice(-MAX_CHECKPOINTS),
  };
}

/** A step's figures as the API shows them. */
export function metricsOf(figures: StepMetrics | undefined): JobMetrics {
  const { trainLoss, valid } = figures ?? {};
  return {
    train_loss: trainLoss ?? null,
    valid_loss: valid?.loss ?? null,
    valid_token_accuracy: valid?.tokenAccuracy ?? null,
  };
}
