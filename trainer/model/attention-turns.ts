import type { Graph, Value } from "../onnx/graph.ts";

/**
 * Queries that attend at once, about: the scores of so many stay in the processor's cache, and enough of them keep it busy.
 * Half and a quarter of it were no faster.
 */
const QUERIES_AT_ONCE = 128;

/**
 * The queries of a row, causal, a part at a time: what comes after a turn's last query is left out of its product instead of masked,
 * which halves the scores of a long row.
 */
export class AttentionTurns {
  readonly #graph: Graph;
  readonly #sizes: readonly number[];

  /** For rows of `length` tokens. */
  constructor(graph: Graph, length: number) {
    this.#graph = graph;
    this.#sizes = evenly(length, Math.max(1, Math.round(length / QUERIES_AT_ONCE)));
  }

  /** Each turn's part of what lies along `axis`, one for each token of a row. */
  split(x: Value, axis: number): Value[] {
    return this.#split(x, this.#sizes, axis);
  }

  /** Parts one behind the other along `axis`. */
  join(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? (parts[0] as Value) : this.#graph.op("Concat", parts, { axis });
  }

  /** `common`, then the tokens of a row up to the end of each turn, along `axis`. */
  upToEach(common: Value | undefined, tokens: Value, axis: number): Value[] {
    const parts = this.split(tokens, axis);
    const ahead = common ? [common] : [];
    return parts.map((_, turn) => this.join([...ahead, ...parts.slice(0, turn + 1)], axis));
  }

  /**
   * Each turn's rows of `mask`, `[batch, length, length]`, over the columns up to its end and as many `commons` before them,
   * which all see.
   */
  masks(mask: Value, commons: number): Value[] {
    const [batch, length] = mask.shape.map(Number) as [number, number];
    let end = 0;
    return this.split(mask, 1).map((rows, turn) => {
      const queries = this.#sizes[turn] as number;
      end += queries;
      const [own] = this.#split(rows, [end, length - end], 2) as [Value];
      if (commons === 0) return own;
      const open = new Float32Array(batch * queries * commons);
      return this.join([this.#graph.constant(open, [batch, queries, commons]), own], 2);
    });
  }

  /** Parts of these sizes, without empty ones. */
  #split(x: Value, sizes: readonly number[], axis: number): Value[] {
    const parts = sizes.filter((size) => size > 0);
    return parts.length === 1 ? [x] : this.#graph.ops("Split", [x, this.#graph.ints(parts)], { axis });
  }
}

/** Whole numbers that differ by one at most and together make `total`. */
function evenly(total: number, parts: number): number[] {
  const before = (part: number) => Math.floor((part * total) / parts);
  return Array.from({ length: parts }, (_, part) => before(part + 1) - before(part));
}
