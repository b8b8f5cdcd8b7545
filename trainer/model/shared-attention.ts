import type { Architecture } from "../../shared/contracts/model.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { AttentionTurns } from "./attention-turns.ts";

/** Keys and values of one layer, `[kvHeads, tokens, headSize]` each, keys rotated. */
export interface KeysValues {
  readonly key: Value;
  readonly value: Value;
}

/** Added to the scores of keys that a query must not see; finite, so that a row without any visible key stays a number. */
export const MASKED = -1e9;

/**
 * Attention where every row of a batch starts with the same tokens: first a `prefix` of keys and values that were
 * made elsewhere, then `shared` tokens, computed once, then `batch` rows of `length` tokens each. As attention is causal,
 * shared tokens see nothing of the batch, and their one set of keys and values serves all rows.
 *
 * Query heads that use the same key head are folded into the rows of one matrix product (grouped-query attention,
 * arXiv 2305.13245, without repeating keys).
 */
export class SharedPrefixAttention {
  readonly #graph: Graph;
  readonly #kvHeads: number;
  readonly #group: number;
  readonly #headSize: number;
  readonly #prefix: number;
  readonly #shared: number;
  readonly #batch: number;
  readonly #length: number;
  readonly #turns: AttentionTurns;
  /** Of each turn, `[1, batch, 1, queries, seen]`. */
  readonly #masks: readonly Value[];

  /**
   * `mask` is `[batch, length, length]`: 0 where a batch token (second axis) sees another one (third), else `MASKED`. None
   * may see a later one.
   */
  constructor(
    graph: Graph,
    architecture: Architecture,
    sizes: { prefix: number; shared: number; batch: number; length: number },
    mask: Value,
  ) {
    this.#graph = graph;
    this.#kvHeads = architecture.kvHeads;
    this.#group = architecture.heads / architecture.kvHeads;
    this.#headSize = architecture.headSize;
    this.#prefix = sizes.prefix;
    this.#shared = sizes.shared;
    this.#batch = sizes.batch;
    this.#length = sizes.length;
    this.#turns = new AttentionTurns(graph, sizes.length);
    this.#masks = this.#turns.masks(mask, sizes.prefix + sizes.shared).map((one) => {
      const [batch, queries, seen] = one.shape.map(Number) as [number, number, number];
      return this.#reshape(one, [1, batch, 1, queries, seen]);
    });
  }

  /**
   * `query` is `[shared + batch * length, heads * headSize]`, `key` and `value` are `[..., kvHeads * headSize]`, queries
   * and keys rotated; the result has the shape of `query`.
   */
  attend(query: Value, key: Value, value: Value, prefix?: KeysValues): Value {
    const [sharedQuery, batchQuery] = this.#splitRows(query);
    const [sharedKey, batchKey] = this.#splitRows(key);
    const [sharedValue, batchValue] = this.#splitRows(value);
    const common: KeysValues | undefined =
      sharedKey && sharedValue
        ? {
            key: this.#behind(prefix?.key, sharedKey),
            value: this.#behind(prefix?.value, sharedValue),
          }
        : prefix;
    const ofBatch = this.#attendBatch(batchQuery, batchKey, batchValue, common);
    if (!sharedQuery || !common) return ofBatch;
    return this.#graph.op("Concat", [this.#attendShared(sharedQuery, common), ofBatch], { axis: 0 });
  }

  /** Shared tokens see the prefix and, causally, each other. */
  #attendShared(query: Value, common: KeysValues): Value {
    const [kv, group, shared, size] = [this.#kvHeads, this.#group, this.#shared, this.#headSize];
    const keys = this.#prefix + shared;
    const split = this.#reshape(query, [shared, kv, group, size]);
    const folded = this.#reshape(this.#transpose(split, [1, 2, 0, 3]), [kv, group * shared, size]);
    const scores = this.#reshape(this.#scores(folded, common.key), [kv, group, shared, keys]);
    const causal = new Float32Array(shared * keys).map((_, i) =>
      (i % keys) - this.#prefix > Math.floor(i / keys) ? MASKED : 0,
    );
    const visible = this.#graph.op("Add", [scores, this.#graph.constant(causal, [shared, keys])]);
    const weights = this.#reshape(this.#softmax(visible), [kv, group * shared, keys]);
    const gathered = this.#reshape(this.#graph.op("MatMul", [weights, common.value]), [
      kv,
      group,
      shared,
      size,
    ]);
    return this.#reshape(this.#transpose(gathered, [2, 0, 1, 3]), [shared, kv * group * size]);
  }

  /** Batch tokens see everything common, and what the mask allows of their own row. */
  #attendBatch(query: Value, key: Value, value: Value, common: KeysValues | undefined): Value {
    const [kv, group, batch, length, size] = [
      this.#kvHeads,
      this.#group,
      this.#batch,
      this.#length,
      this.#headSize,
    ];
    const split = this.#reshape(query, [batch, length, kv, group, size]);
    const queries = this.#turns.split(this.#transpose(split, [2, 0, 3, 1, 4]), 3);
    const keys = this.#turns.upToEach(this.#forEach(common?.key), this.#batchHeadsFirst(key), 2);
    const values = this.#turns.upToEach(this.#forEach(common?.value), this.#batchHeadsFirst(value), 2);
    const gathered = this.#masks.map((mask, turn) =>
      this.#attendTurn(queries[turn] as Value, keys[turn] as Value, values[turn] as Value, mask),
    );
    const unfolded = this.#turns.join(gathered, 3);
    return this.#reshape(this.#transpose(unfolded, [1, 3, 0, 2, 4]), [batch * length, kv * group * size]);
  }

  /** `query` is `[kvHeads, batch, group, queries, headSize]`, `key` and `value` are `[kvHeads, batch, seen, headSize]`. */
  #attendTurn(query: Value, key: Value, value: Value, mask: Value): Value {
    const [kv, group, batch, size] = [this.#kvHeads, this.#group, this.#batch, this.#headSize];
    const [queries, seen] = mask.shape.slice(3).map(Number) as [number, number];
    const folded = this.#reshape(query, [kv, batch, group * queries, size]);
    const scores = this.#reshape(this.#scores(folded, key), [kv, batch, group, queries, seen]);
    const weights = this.#softmax(this.#graph.op("Add", [scores, mask]));
    const together = this.#reshape(weights, [kv, batch, group * queries, seen]);
    return this.#reshape(this.#graph.op("MatMul", [together, value]), [kv, batch, group, queries, size]);
  }

  /** Common keys or values once more for each row: small beside the scores. */
  #forEach(common: Value | undefined): Value | undefined {
    if (!common) return undefined;
    const [kv, tokens, size] = [this.#kvHeads, this.#prefix + this.#shared, this.#headSize];
    const one = this.#reshape(common, [kv, 1, tokens, size]);
    return this.#graph.op("Expand", [one, this.#graph.ints([kv, this.#batch, tokens, size])]);
  }

  /** Scaled dot products of queries and keys. */
  #scores(query: Value, key: Value): Value {
    const alpha = { float: 1 / Math.sqrt(this.#headSize) };
    return this.#graph.op("FusedMatMul", [query, key], { transB: 1, alpha });
  }

  /** The shared rows, if there are any, and the batch's. */
  #splitRows(x: Value): [Value | undefined, Value] {
    if (this.#shared === 0) return [undefined, x];
    const sizes = this.#graph.ints([this.#shared, this.#batch * this.#length]);
    return this.#graph.ops("Split", [x, sizes], { axis: 0 }) as [Value, Value];
  }

  /** Keys or values of the shared tokens, `[kvHeads, tokens, headSize]`, behind those of the prefix. */
  #behind(prefix: Value | undefined, shared: Value): Value {
    const split = this.#reshape(shared, [this.#shared, this.#kvHeads, this.#headSize]);
    const own = this.#transpose(split, [1, 0, 2]);
    return prefix ? this.#graph.op("Concat", [prefix, own], { axis: 1 }) : own;
  }

  #batchHeadsFirst(x: Value): Value {
    const split = this.#reshape(x, [this.#batch, this.#length, this.#kvHeads, this.#headSize]);
    return this.#transpose(split, [2, 0, 1, 3]);
  }

  #softmax(scores: Value): Value {
    return this.#graph.op("Softmax", [scores], { axis: -1 });
  }

  #reshape(x: Value, shape: readonly number[]): Value {
    return this.#graph.op("Reshape", [x, this.#graph.ints(shape)]);
  }

  #transpose(x: Value, perm: readonly number[]): Value {
    return this.#graph.op("Transpose", [x], { perm });
  }
}
