import { InvalidDataError } from "../../shared/errors.ts";
import type { Random } from "../../shared/random.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import type { LazyList } from "../lazy-list.ts";

/** A text tiled or cut to the number of virtual tokens, as PEFT does it. Throws InvalidDataError for one without tokens. */
export function tileTokens(text: readonly number[], virtualTokens: number): number[] {
  if (text.length === 0) throw new InvalidDataError('"initial_text" has no tokens, wanted at least one');
  return Array.from({ length: virtualTokens }, (_, i) => text[i % text.length] as number);
}

/**
 * Tokens drawn from the training inputs by how often they occur there (Lester et al. 2021, section 3.2: starting from
 * real tokens beats random vectors). Throws InvalidDataError when no row has an input.
 */
export function sampleTokens(
  examples: LazyList<TokenizedExample>,
  virtualTokens: number,
  random: Random,
): number[] {
  const pool: number[] = [];
  let index = 0;
  for (const { context } of examples) {
    if (context.length > 0) pool.push(index);
    index++;
  }
  if (pool.length === 0) {
    throw new InvalidDataError('No row has an input to start the prompt from; give an "initial_text"');
  }
  return Array.from({ length: virtualTokens }, () => {
    const { context } = examples.at(pool[random.below(pool.length)] as number) as TokenizedExample;
    return context[random.below(context.length)] as number;
  });
}

/** Rows written out one after the other, as a few-shot prompt has them. */
export interface Demonstrations {
  readonly tokens: number[];
  /** Indices of the rows used: what they answer should not be trained on, the prompt has it in it. */
  readonly used: ReadonlySet<number>;
}

/**
 * Whole training rows, answers included, whose keys and values a prefix starts from (Context Tuning, arXiv 2507.04221):
 * taken in `order`, in turn from each of the `groups` (labels). The first one is cut at its beginning, and so are rows that
 * would fill more than half. Fewer tokens than wanted come back when the rows run out.
 */
export function demonstrations(
  rows: LazyList<readonly number[]>,
  groups: readonly number[] | null,
  order: readonly number[],
  separator: readonly number[],
  wanted: number,
): Demonstrations {
  const queues = new Map<number, number[]>();
  for (const index of order) {
    const group = groups?.[index] ?? 0;
    const queue = queues.get(group);
    if (queue) queue.push(index);
    else queues.set(group, [index]);
  }
  const turn = [...queues.values()];
  const used = new Set<number>();
  let tokens: number[] = [];
  for (let i = 0; tokens.length < wanted && turn.some((queue) => queue.length > 0); i++) {
    const index = turn[i % turn.length]?.shift();
    if (index === undefined) continue;
    // A long row would fill the prompt alone: its end, where the answer is, says most.
    const row = (rows.at(index) ?? []).slice(
      -Math.max(1, Math.ceil(wanted / Math.min(2, turn.length)) - separator.length),
    );
    used.add(index);
    tokens = [...row, ...separator, ...tokens];
  }
  return { tokens: tokens.slice(-wanted), used };
}
