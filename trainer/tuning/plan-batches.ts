import { createRandom, shuffled, type Random } from "../../shared/random.ts";
import { labelCount, packedLength, packRows, type TokenizedExample } from "../model/training-batch.ts";
import type { BatchLayout, CandidateLayout } from "../model/training-graph.ts";
import type { LazyList } from "../lazy-list.ts";

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
  /** Passes over the examples, at least one; a fraction counts. Order is random in each. */
  readonly epochs: number;
  readonly seed: number;
  /** How examples are scored against other labels; each must have `count` completions. */
  readonly candidates?: Omit<CandidateLayout, "examples"> | undefined;
  /** How often each example is drawn, relative to the others; once a pass by default. */
  readonly frequencies?: readonly number[] | undefined;
}

/**
 * Packs examples into steps of equal size in tokens: each step takes examples, in random order, until its rows are full.
 * Steps so differ a little in their number of examples, and little is padding.
 */
export function planBatches(examples: LazyList<TokenizedExample>, options: PlanOptions): BatchPlan {
  const { batchSize, epochs, seed, candidates } = options;
  const sizes = sizesOf(examples);
  const { batch, length } = rowLayout(sizes, batchSize);
  const wanted = Math.max(1, Math.round(examples.length * epochs));
  const order = drawOrder(examples.length, wanted, options.frequencies, createRandom(seed));
  const steps = fillSteps(sizes, order, batch, length);
  const layout = { batch, length, labels: countSlots(sizes, steps) };
  if (!candidates) return { layout, steps };
  const most = steps.reduce((largest, step) => Math.max(largest, step.length), 0);
  return { layout: { ...layout, candidates: { ...candidates, examples: most } }, steps };
}

/** The same without shuffling, every example once: for scoring. */
export function planScoring(examples: LazyList<TokenizedExample>, batchSize: number): BatchPlan {
  const sizes = sizesOf(examples);
  const { batch, length } = rowLayout(sizes, batchSize);
  const steps = fillSteps(sizes, [...sizes.lengths.keys()], batch, length);
  return { layout: { batch, length, labels: countSlots(sizes, steps) }, steps };
}

/** What a plan needs to know of its examples, each read once. */
interface Sizes {
  readonly lengths: Int32Array;
  readonly labels: Int32Array;
}

function sizesOf(examples: LazyList<TokenizedExample>): Sizes {
  const sizes = { lengths: new Int32Array(examples.length), labels: new Int32Array(examples.length) };
  let i = 0;
  for (const example of examples) {
    sizes.lengths[i] = packedLength(example);
    sizes.labels[i++] = labelCount(example);
  }
  return sizes;
}

/** Random passes over all examples; with frequencies, each pass draws an example as often as its share wants, on average. */
function drawOrder(
  count: number,
  wanted: number,
  frequencies: readonly number[] | undefined,
  random: Random,
): number[] {
  const total = frequencies?.reduce((sum, f) => sum + f, 0) ?? 0;
  const order: number[] = [];
  while (order.length < wanted) {
    const pass = frequencies
      ? frequencies.flatMap((f, i) => Array<number>(Math.floor((f * count) / total + random.next())).fill(i))
      : [...Array(count).keys()];
    for (const index of shuffled(pass, random)) order.push(index);
  }
  return order.slice(0, wanted);
}

function rowLayout({ lengths }: Sizes, batchSize: number): { batch: number; length: number } {
  const longest = roundUp(lengths.reduce((largest, length) => Math.max(largest, length), 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const perStep = (total / lengths.length) * batchSize;
  const length = Math.max(longest, Math.min(COMFORTABLE_LENGTH, roundUp(perStep)));
  return { batch: Math.max(1, Math.round(perStep / (length * FILL))), length };
}

function fillSteps(sizes: Sizes, order: readonly number[], batch: number, length: number): number[][] {
  const steps: number[][] = [];
  let step: number[] = [];
  for (const index of order) {
    const lengths = [...step, index].map((i) => sizes.lengths[i] as number);
    if (step.length > 0 && packRows(lengths, length).length > batch) {
      steps.push(step);
      step = [];
    }
    step.push(index);
  }
  if (step.length > 0) steps.push(step);
  return steps;
}

const countSlots = ({ labels }: Sizes, steps: readonly (readonly number[])[]) =>
  roundUp(
    steps.reduce(
      (most, step) =>
        Math.max(
          most,
          step.reduce((sum, i) => sum + (labels[i] as number), 0),
        ),
      0,
    ),
  );
const roundUp = (length: number) => Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;
