import type { TuneSettings } from "../shared/contracts/job.ts";

/** Settings with every choice made. */
export interface ChosenSettings {
  readonly virtualTokens: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
}

/** Long enough for a task, short enough to cost next to nothing; also what PEFT's examples use. */
const VIRTUAL_TOKENS = 20;
const LEARNING_RATE = 0.1;
const BATCH_SIZE = 16;
/**
 * A small dataset is passed over more often: about this many examples are seen in all, or as many tokens where they are
 * long (on two cores MiniMind2-Small trains on 1,000 to 2,000 tokens a second).
 */
const EXAMPLES_SEEN = 8000;
const TOKENS_SEEN = 220_000;
const MIN_EPOCHS = 1;
const MAX_EPOCHS = 20;

/** Fills in what the user left to us, from the number of training rows and their tokens in all. */
export function chooseSettings(settings: TuneSettings, rows: number, tokens: number): ChosenSettings {
  const epochs = Math.min(EXAMPLES_SEEN / rows, TOKENS_SEEN / tokens);
  const pick = (given: "auto" | number, chosen: number) => (given === "auto" ? chosen : given);
  return {
    virtualTokens: pick(settings.virtual_tokens, VIRTUAL_TOKENS),
    learningRate: pick(settings.learning_rate, LEARNING_RATE),
    batchSize: Math.min(rows, pick(settings.batch_size, BATCH_SIZE)),
    epochs: pick(settings.epochs, Math.min(MAX_EPOCHS, Math.max(MIN_EPOCHS, epochs))),
    seed: settings.seed,
  };
}
