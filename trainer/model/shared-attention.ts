import type { Architecture } from "../../shared/contracts/model.ts";
import type { Graph, Value } from "../onnx/graph.ts";

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
  readonly #mask: Value;

  /** `mask` is `[batch, length, length]`: 0 where a batch token (second axis) sees another one (third), else `MASKED`. */
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
    this.#mask = this.#reshape(mask, [1, sizes.batch, 1, sizes.length, sizes.length]);
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
            key: this.#concat(prefix?.key, this.#sharedHeadsFirst(sharedKey)),
            value: this.#concat(prefix?.value, this.#sharedHeadsFirst(sharedValue)),
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
    const folded = this.#reshape(this.#transpose(split, [2, 0, 3, 1, 4]), [kv, batch, group * length, size]);
    const ownScores = this.#reshape(this.#scores(folded, this.#batchHeadsFirst(key)), [
      kv,
      batch,
      group,
      length,
      length,
    ]);
    const visible = this.#graph.op("Add", [ownScores, this.#mask]);

    let gathered: Value;
    if (common) {
      const commons = this.#prefix + this.#shared;
      const flat = this.#reshape(folded, [kv, batch * group * length, size]);
      const commonScores = this.#reshape(this.#scores(flat, common.key), [kv, batch, group, length, commons]);
      const weights = this.#softmax(this.#graph.op("Concat", [commonScores, visible], { axis: -1 }));
      const [onCommon, onOwn] = this.#graph.ops("Split", [weights, this.#graph.ints([commons, length])], {
        axis: -1,
      });
      const flatWeights = this.#reshape(onCommon as Value, [kv, batch * group * length, commons]);
      const ofCommon = this.#reshape(this.#graph.op("MatMul", [flatWeights, common.value]), [
        kv,
        batch,
        group * length,
        size,
      ]);
      gathered = this.#graph.op("Add", [ofCommon, this.#weighOwn(onOwn as Value, value)]);
    } else {
      gathered = this.#weighOwn(this.#softmax(visible), value);
    }
    const unfolded = this.#reshape(gathered, [kv, batch, group, length, size]);
    return this.#reshape(this.#transpose(unfolded, [1, 3, 0, 2, 4]), [batch * length, kv * group * size]);
  }

  #weighOwn(weights: Value, value: Value): Value {
    const folded = this.#reshape(weights, [
      this.#kvHeads,
      this.#batch,
      this.#group * this.#length,
      this.#length,
    ]);
    return this.#graph.op("MatMul", [folded, this.#batchHeadsFirst(value)]);
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

  #sharedHeadsFirst(x: Value): Value {
    return this.#transpose(this.#reshape(x, [this.#shared, this.#kvHeads, this.#headSize]), [1, 0, 2]);
  }

  #batchHeadsFirst(x: Value): Value {
    const split = this.#reshape(x, [this.#batch, this.#length, this.#kvHeads, this.#headSize]);
    return this.#transpose(split, [2, 0, 1, 3]);
  }

  #concat(prefix: Value | undefined, shared: Value): Value {
    return prefix ? this.#graph.op("Concat", [prefix, shared], { axis: 1 }) : shared;
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
