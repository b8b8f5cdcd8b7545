import { stat } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Architecture } from "../../shared/contracts/model.ts";
import { InternalError } from "../../shared/errors.ts";
import {
  causalMask,
  decodeInputNames,
  decodeNames,
  decodeOutputNames,
  graphRows,
} from "../../shared/inference/decode-graph.ts";
import type { DecodeSession, DecodeStep, KvCache } from "../../shared/inference/decode-session.ts";
import { createEngine, type EngineOptions } from "../../shared/inference/engine.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";

export interface NodeEngineOptions extends EngineOptions {
  /** Threads within an operator; all cores by default. */
  readonly threads?: number;
  /** Tried in this order; nodes that a provider lacks fall to the next. */
  readonly providers?: readonly ("cpu" | "webgpu" | "cuda")[];
}

/** onnxruntime cannot load or run a decode graph. */
export class OnnxRuntimeNodeError extends InternalError {}

/**
 * The engine over onnxruntime-node, from a bundle's decode graph on disk (`decode.ort`, or an ONNX file). Throws
 * OnnxRuntimeNodeError.
 */
export async function loadNodeEngine(
  path: string,
  architecture: Architecture,
  { threads, providers = ["cpu"], ...options }: NodeEngineOptions = {},
): Promise<InferenceEngine> {
  let session: InferenceSession;
  let weightBytes: number;
  try {
    weightBytes = (await stat(path)).size;
    session = await InferenceSession.create(path, {
      executionProviders: [...providers],
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new OnnxRuntimeNodeError(`onnxruntime cannot load "${path}": ${String(cause)}`, { cause });
  }
  return createEngine(createNodeSession(session, architecture, weightBytes), architecture, options);
}

interface NodeKvCache extends KvCache {
  /** Key and value of layer 0, of layer 1 and so on. */
  readonly tensors: readonly Tensor[];
}

function createNodeSession(
  session: InferenceSession,
  architecture: Architecture,
  weightBytes: number,
): DecodeSession {
  const { layers, kvHeads, headSize, hiddenSize } = architecture;
  const inputNames = decodeInputNames(layers);
  const [, ...presentNames] = decodeOutputNames(layers);
  const nothing = new Tensor("float32", new Float32Array(0), [1, kvHeads, 0, headSize]);
  const noPast = Array.from({ length: 2 * layers }, () => nothing);
  let cacheBytes = 0;

  const makeCache = (tokens: number, tensors: readonly Tensor[]): NodeKvCache => {
    const bytes = 2 * layers * kvHeads * headSize * tokens * Float32Array.BYTES_PER_ELEMENT;
    let held = true;
    cacheBytes += bytes;
    return {
      tokens,
      bytes,
      tensors,
      release() {
        if (held) cacheBytes -= bytes;
        held = false;
        for (const tensor of tensors) tensor.dispose();
      },
    };
  };

  return {
    async run({ past, prompt, ids, rows: asked, logits }: DecodeStep) {
      const rows = graphRows(asked);
      const before = past?.tokens ?? 0;
      const added = (prompt?.tokens ?? 0) + ids.length;
      const inputs = [
        new Tensor("float32", prompt?.data ?? new Float32Array(0), [prompt?.tokens ?? 0, hiddenSize]),
        new Tensor("int64", BigInt64Array.from(ids, BigInt), [ids.length]),
        new Tensor("int64", BigInt64Array.from(rows, BigInt), [rows.length]),
        new Tensor("int64", BigInt64Array.of(BigInt(before)), [1]),
        new Tensor("float32", causalMask(before, added), [added, before + added]),
        ...(past ? (past as NodeKvCache).tensors : noPast),
      ];
      const feeds = Object.fromEntries(inputNames.map((name, i) => [name, inputs[i] as Tensor]));
      const results = await session.run(feeds);
      const computed = results[decodeNames.logits]?.data as Float32Array;
      logits.set(computed.subarray(0, logits.length));
      return makeCache(
        before + added,
        presentNames.map((name) => results[name] as Tensor),
      );
    },
    async load({ tokens, data }) {
      const size = kvHeads * tokens * headSize;
      const part = (i: number) => data.slice(i * size, (i + 1) * size);
      const tensors = Array.from(
        { length: 2 * layers },
        (_, i) => new Tensor("float32", part(i), [1, kvHeads, tokens, headSize]),
      );
      return makeCache(tokens, tensors);
    },
    memoryBytes: () => weightBytes + cacheBytes,
    close() {
      // Nothing runs any more, so the release has nothing to wait for.
      void session.release();
    },
  };
}
