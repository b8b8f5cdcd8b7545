import { InternalError } from "../../shared/errors.ts";
import type { TensorData } from "../onnx/session.ts";
import { MASKED } from "./shared-attention.ts";
import type { BatchLayout, CandidateLayout } from "./training-graph.ts";

/** One row of a dataset in tokens, without those that the graph's layout shares among all examples. */
export interface TokenizedExample {
  /** What all completions follow. May be empty where shared tokens come before it. */
  readonly context: readonly number[];
  /** Indices of context tokens that are targets themselves, such as earlier turns of an assistant. */
  readonly contextTargets?: readonly number[];
  /** Indices of context tokens that are learned beside the targets, as a language model would (`BatchLayout.inputWeight`). */
  readonly inputTargets?: readonly number[];
  /** Every token is a target. Several completions are alternatives: each follows the context and sees no other. */
  readonly completions: readonly (readonly number[])[];
  /** Which completion is the right one, where the others are only there to be told apart from it. */
  readonly answer?: number;
  /** Weight of the example's targets in the loss, 1 by default. */
  readonly weight?: number;
}

/** Label slots of one example, in the order of the graph's `log_probabilities`. */
export interface LabelSlots {
  readonly contextTargets: readonly number[];
  readonly completions: readonly (readonly number[])[];
}

export interface PackedBatch {
  /** Feeds of the graph except `soft_prompt`, `ids_before` and `ids_after`. */
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** One per example, in the order given. */
  readonly slots: readonly LabelSlots[];
  /** Slots of the labels that are to become likely, without those of the inputs. */
  readonly learned: readonly number[];
  /** Slots of the input targets. */
  readonly inputs: readonly number[];
}

/** Examples do not fit the layout they were to be packed into. */
export class PackingError extends InternalError {}

/** Tokens that an example takes up in a row: the last token of a completion is predicted but never read. */
export function packedLength({ context, completions }: TokenizedExample): number {
  return completions.reduce((sum, completion) => sum + Math.max(0, completion.length - 1), context.length);
}

/** Label slots that an example takes up. */
export function labelCount({
  contextTargets = [],
  inputTargets = [],
  completions,
}: TokenizedExample): number {
  return completions.reduce(
    (sum, completion) => sum + completion.length,
    contextTargets.length + inputTargets.length,
  );
}

/**
 * Puts lengths into as few rows of `capacity` as first-fit decreasing finds, and returns the indices in each row.
 * Throws PackingError when a length exceeds the capacity.
 */
export function packRows(lengths: readonly number[], capacity: number): number[][] {
  const rows: { free: number; members: number[] }[] = [];
  const longestFirst = lengths
    .map((length, index) => ({ length, index }))
    .toSorted((a, b) => b.length - a.length);
  for (const { length, index } of longestFirst) {
    if (length > capacity)
      throw new PackingError(`Example ${index} has ${length} tokens, a row holds ${capacity}`);
    let row = rows.find(({ free }) => free >= length);
    if (!row) rows.push((row = { free: capacity, members: [] }));
    row.free -= length;
    row.members.push(index);
  }
  return rows.map(({ members }) => members);
}

/**
 * Lays examples out in a batch. `shared` counts the tokens before the batch's rows: soft prompt vectors and shared ids.
 * The label weights make the loss the weighted mean over all targets, plus `inputWeight` times the mean over the input
 * targets. Throws PackingError when rows or label slots run out, or when a target has no token before it.
 */
export function packBatch(
  examples: readonly TokenizedExample[],
  layout: BatchLayout,
  shared: number,
): PackedBatch {
  const { batch, length, labels, inputWeight = 0 } = layout;
  const rows = packRows(examples.map(packedLength), length);
  if (rows.length > batch)
    throw new PackingError(`Examples need ${rows.length} rows of ${length} tokens, found ${batch}`);
  const wanted = examples.reduce((sum, example) => sum + labelCount(example), 0);
  if (wanted > labels) throw new PackingError(`Examples have ${wanted} labels, found ${labels} slots`);

  const ids = new Int32Array(batch * length);
  const positions = new Int32Array(batch * length);
  const mask = new Float32Array(batch * length * length).fill(MASKED);
  const labelRows = new Int32Array(labels);
  const labelIds = new Int32Array(labels);
  const labelWeights = new Float32Array(labels);
  const slots: LabelSlots[] = [];
  const learned: number[] = [];
  const inputs: number[] = [];
  const inputCount = examples.reduce((sum, { inputTargets = [] }) => sum + inputTargets.length, 0);
  const totalWeight = examples.reduce(
    (sum, example) => sum + learnedCount(example) * (example.weight ?? 1),
    0,
  );
  const tokenShare = 1 - (layout.candidates?.share ?? 0);
  let slot = 0;
  for (const [row, members] of rows.entries()) {
    let start = 0;
    for (const index of members) {
      const example = examples[index] as TokenizedExample;
      const { tokens, labels: exampleLabels } = layOut(example);
      for (const [i, token] of tokens.entries()) {
        const at = row * length + start + i;
        ids[at] = token.id;
        positions[at] = token.position;
        for (let j = 0; j <= i; j++) if (sees(token, tokens[j] as Token)) mask[at * length + start + j] = 0;
      }
      const firstSlot = slot;
      for (const { predictor, id, completion } of exampleLabels) {
        const beforeBatch = predictor < 0;
        if (beforeBatch && shared === 0)
          throw new PackingError(`Example ${index} has a target with no token before it`);
        labelRows[slot] = beforeBatch ? shared - 1 : shared + row * length + start + predictor;
        labelIds[slot] = id;
        if (completion === INPUT) {
          labelWeights[slot] = inputWeight / inputCount;
          inputs.push(slot);
        } else if (isLearned(example, completion)) {
          labelWeights[slot] = (tokenShare * (example.weight ?? 1)) / totalWeight;
          learned.push(slot);
        }
        slot += 1;
      }
      slots[index] = slotsFrom(firstSlot, example);
      start += tokens.length;
    }
  }
  const feeds = {
    ids,
    positions,
    mask,
    label_rows: labelRows,
    label_ids: labelIds,
    label_weights: labelWeights,
    ...(layout.candidates ? candidateFeeds(examples, slots, labels, layout.candidates) : {}),
  };
  return { feeds, slots, learned, inputs };
}

/** Which label slots make up each candidate's score, and how much each candidate's log-probability counts. */
function candidateFeeds(
  examples: readonly TokenizedExample[],
  slots: readonly LabelSlots[],
  labels: number,
  candidates: CandidateLayout,
): Record<string, TensorData> {
  const { examples: capacity, count, share, smoothing } = candidates;
  if (examples.length > capacity)
    throw new PackingError(
      `Batch has ${examples.length} examples with candidates, found room for ${capacity}`,
    );
  const members = new Float32Array(capacity * count * labels);
  const weights = new Float32Array(capacity * count);
  const total = examples.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const [index, { answer = -1, weight = 1, completions }] of examples.entries()) {
    for (const [k, completion] of (slots[index] as LabelSlots).completions.entries()) {
      // The end token of the right completion is learned, but no part of what tells it from the others.
      const scored = k === answer ? completion.slice(0, -1) : completion;
      for (const slot of scored) members[(index * count + k) * labels + slot] = 1;
      const wanted = (k === answer ? 1 - smoothing : 0) + smoothing / completions.length;
      weights[index * count + k] = (share * wanted * weight) / total;
    }
  }
  return { candidate_members: members, candidate_weights: weights };
}

const isLearned = ({ answer }: TokenizedExample, completion: number) =>
  answer === undefined || completion === -1 || completion === answer;

/** Label slots whose tokens are to become likely. */
function learnedCount({ contextTargets = [], completions, answer }: TokenizedExample): number {
  return completions.reduce(
    (sum, { length }, k) => (answer === undefined || k === answer ? sum + length : sum),
    contextTargets.length,
  );
}

interface Token {
  readonly id: number;
  /** Behind everything shared. Alternatives have the same positions. */
  readonly position: number;
  /** The completion it belongs to; -1 for the context. */
  readonly completion: number;
}

/** A target and the index of the token that predicts it; -1 stands for the last shared token. */
interface Label {
  readonly predictor: number;
  readonly id: number;
  /** The completion it belongs to; -1 for the context, `INPUT` for what is learned beside the targets. */
  readonly completion: number;
}

const INPUT = -2;

/** The tokens of one example side by side, and its labels: those of the context, each completion's, then the inputs'. */
function layOut({ context, contextTargets = [], inputTargets = [], completions }: TokenizedExample): {
  tokens: Token[];
  labels: Label[];
} {
  const tokens = context.map((id, position): Token => ({ id, position, completion: -1 }));
  const ofContext = (targets: readonly number[], completion: number) =>
    targets.map((index): Label => ({ predictor: index - 1, id: context[index] as number, completion }));
  const labels = ofContext(contextTargets, -1);
  for (const [completion, targets] of completions.entries()) {
    for (const [i, id] of targets.entries()) {
      labels.push({ predictor: i === 0 ? context.length - 1 : tokens.length - 1, id, completion });
      if (i < targets.length - 1) tokens.push({ id, position: context.length + i, completion });
    }
  }
  labels.push(...ofContext(inputTargets, INPUT));
  return { tokens, labels };
}

const sees = (token: Token, earlier: Token) =>
  earlier.completion === -1 || earlier.completion === token.completion;

function slotsFrom(first: number, { contextTargets = [], completions }: TokenizedExample): LabelSlots {
  let next = first;
  const take = (count: number) => Array.from({ length: count }, () => next++);
  return {
    contextTargets: take(contextTargets.length),
    completions: completions.map(({ length }) => take(length)),
  };
}
