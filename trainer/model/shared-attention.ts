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
    this.#mask = this.#wholeMask(mask);
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
    const keys = this.#behindCommon(common?.key, this.#batchHeadsFirst(key));
    const values = this.#behindCommon(common?.value, this.#batchHeadsFirst(value));
    const seen = this.#prefix + this.#shared + length;
    const scores = this.#reshape(this.#scores(folded, keys), [kv, batch, group, length, seen]);
    const weights = this.#softmax(this.#graph.op("Add", [scores, this.#mask]));
    const gathered = this.#graph.op("MatMul", [
      this.#reshape(weights, [kv, batch, group * length, seen]),
      values,
    ]);
    const unfolded = this.#reshape(gathered, [kv, batch, group, length, size]);
    return this.#reshape(this.#transpose(unfolded, [1, 3, 0, 2, 4]), [batch * length, kv * group * size]);
  }

  /** Keys or values of each row, `[kvHeads, batch, length, headSize]`, with the common ones once more in front: small beside the scores. */
  #behindCommon(common: Value | undefined, own: Value): Value {
    if (!common) return own;
    const [kv, tokens, size] = [this.#kvHeads, this.#prefix + this.#shared, this.#headSize];
    const one = this.#reshape(common, [kv, 1, tokens, size]);
    const each = this.#graph.op("Expand", [one, this.#graph.ints([kv, this.#batch, tokens, size])]);
    return this.#graph.op("Concat", [each, own], { axis: 2 });
  }

  /** The mask of the rows' own tokens behind the common ones, which all may see. */
  #wholeMask(own: Value): Value {
    const [batch, length, commons] = [this.#batch, this.#length, this.#prefix + this.#shared];
    const rows = (mask: Value, tokens: number) => this.#reshape(mask, [1, batch, 1, length, tokens]);
    if (commons === 0) return rows(own, length);
    const open = this.#graph.constant(new Float32Array(batch * length * commons), [batch, length, commons]);
    return rows(this.#graph.op("Concat", [open, own], { axis: -1 }), commons + length);
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
