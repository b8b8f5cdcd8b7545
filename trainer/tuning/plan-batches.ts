import { createRandom, shuffled } from "../../shared/random.ts";
import { labelCount, packedLength, packRows, type TokenizedExample } from "../model/training-batch.ts";
import type { BatchLayout } from "../model/training-graph.ts";

/** Lengths are rounded up to a multiple of this, which the runtime's matrix kernels like. */
const LENGTH_STEP = 16;
/** Short examples share rows up to this many tokens: attention over longer rows would cost more than padding saves. */
const COMFORTABLE_LENGTH = 128;
/** Share of a row that first-fit packing fills, about. */
const FILL = 0.93;

/** What each step sees, and the one layout that all steps fit: so one graph is built, whatever the lengths. */
export interface BatchPlan {
  readonly layout: BatchLayout;
  /** Indices of examples for each step. */
  readonly steps: readonly (readonly number[])[];
}

export interface PlanOptions {
  /** Examples in a step, on average. */
  readonly batchSize: number;
  /** Passes over the examples; a fraction counts. Order is random in each. */
  readonly epochs: number;
  readonly seed: number;
  /** Tokens that begin every example and are not part of it; see BatchLayout. */
  readonly sharedAfter?: number;
}

/**
 * Packs examples into steps of equal size in tokens: each step takes examples, in random order, until its rows are full.
 * Steps so differ a little in their number of examples, and little is padding.
 */
export function planBatches(examples: readonly TokenizedExample[], options: PlanOptions): BatchPlan {
  const { batchSize, epochs, seed, sharedAfter = 0 } = options;
  const { batch, length } = rowLayout(examples, batchSize);
  const random = createRandom(seed);
  const wanted = Math.max(1, Math.round(examples.length * epochs));
  const order: number[] = [];
  while (order.length < wanted) order.push(...shuffled([...examples.keys()], random));
  const steps = fillSteps(examples, order.slice(0, wanted), batch, length);
  const labels = Math.max(...steps.map((step) => countLabels(examples, step)));
  return { layout: { batch, length, labels: roundUp(labels), sharedAfter }, steps };
}

/** The same without shuffling, every example once: for scoring. */
export function planScoring(examples: readonly TokenizedExample[], batchSize: number, sharedAfter = 0): BatchPlan {
  const { batch, length } = rowLayout(examples, batchSize);
  const steps = fillSteps(examples, [...examples.keys()], batch, length);
  const labels = Math.max(...steps.map((step) => countLabels(examples, step)));
  return { layout: { batch, length, labels: roundUp(labels), sharedAfter }, steps };
}

function rowLayout(examples: readonly TokenizedExample[], batchSize: number): { batch: number; length: number } {
  const lengths = examples.map(packedLength);
  const longest = roundUp(Math.max(...lengths, 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const perStep = (total / lengths.length) * batchSize;
  const length = Math.max(longest, Math.min(COMFORTABLE_LENGTH, roundUp(perStep)));
  return { batch: Math.max(1, Math.round(perStep / (length * FILL))), length };
}

function fillSteps(examples: readonly TokenizedExample[], order: readonly number[], batch: number, length: number): number[][] {
  const steps: number[][] = [];
  let step: number[] = [];
  for (const index of order) {
    const lengths = [...step, index].map((i) => packedLength(examples[i] as TokenizedExample));
    if (step.length > 0 && packRows(lengths, length).length > batch) {
      steps.push(step);
      step = [];
    }
    step.push(index);
  }
  if (step.length > 0) steps.push(step);
  return steps;
}

const countLabels = (examples: readonly TokenizedExample[], step: readonly number[]) =>
  step.reduce((sum, i) => sum + labelCount(examples[i] as TokenizedExample), 0);
const roundUp = (length: number) => Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;
