import type { Architecture } from "../../../shared/contracts/model.ts";
import {
  causalMask,
  decodeInputNames,
  decodeOutputNames,
  graphRows,
} from "../../../shared/inference/decode-graph.ts";
import type { DecodeSession, DecodeStep } from "../../../shared/inference/decode-session.ts";
import { makeKvCache, releaseAll, type HeapKvCache } from "./kv-cache.ts";
import { heapBytes, OnnxRuntimeError, type Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import { createTensor, type HeapTensor } from "./tensor.ts";

/**
 * Drives the decode graph in the wasm heap. Keys and values never leave it: what one step gives the next one takes.
 * Throws OnnxRuntimeError when the model's inputs and outputs are not those of a decode graph of this architecture.
 */
export function createDecodeSession(
  runtime: Runtime,
  session: Session,
  architecture: Architecture,
): DecodeSession {
  const { layers, kvHeads, headSize } = architecture;
  const inputs = positions(session.inputNames, decodeInputNames(layers));
  const outputs = positions(decodeOutputNames(layers), session.outputNames);
  const nothing = createTensor(runtime, "float32", [1, kvHeads, 0, headSize], new Float32Array(0));
  const noPast = Array.from({ length: 2 * layers }, () => nothing);

  return {
    async run(step) {
      const before = step.past?.tokens ?? 0;
      const added = (step.prompt?.tokens ?? 0) + step.ids.length;
      const own = createInputs(runtime, step, before, added, architecture);
      try {
        const given = [...own, ...(step.past ? (step.past as HeapKvCache).tensors : noPast)];
        const results = session.run(inputs.map((i) => given[i] as HeapTensor));
        const [logits, ...present] = outputs.map((i) => results[i] as HeapTensor) as [
          HeapTensor,
          ...HeapTensor[],
        ];
        copyOut(runtime, logits, step.logits);
        logits.release();
        return makeKvCache(before + added, present);
      } finally {
        releaseAll(own);
      }
    },
    async load({ tokens, data }) {
      const size = kvHeads * tokens * headSize;
      return makeKvCache(
        tokens,
        createAll(2 * layers, (i) => {
          const part = data.subarray(i * size, (i + 1) * size);
          return createTensor(runtime, "float32", [1, kvHeads, tokens, headSize], part);
        }),
      );
    },
    memoryBytes: () => runtime.memory.buffer.byteLength,
    close() {
      nothing.release();
      session.release();
    },
  };
}

/** The inputs that are new in every step, in the order of `decodeInputNames`. */
function createInputs(
  runtime: Runtime,
  { prompt, ids, rows: asked }: DecodeStep,
  before: number,
  added: number,
  { hiddenSize }: Architecture,
): HeapTensor[] {
  const rows = graphRows(asked);
  const makers = [
    () =>
      createTensor(
        runtime,
        "float32",
        [prompt?.tokens ?? 0, hiddenSize],
        prompt?.data ?? new Float32Array(0),
      ),
    () => createTensor(runtime, "int64", [ids.length], BigInt64Array.from(ids, BigInt)),
    () => createTensor(runtime, "int64", [rows.length], BigInt64Array.from(rows, BigInt)),
    () => createTensor(runtime, "int64", [1], BigInt64Array.of(BigInt(before))),
    () => createTensor(runtime, "float32", [added, before + added], causalMask(before, added)),
  ];
  return createAll(makers.length, (i) => (makers[i] as () => HeapTensor)());
}

/** Makes `count` tensors, or releases those made when one fails. */
function createAll(count: number, make: (i: number) => HeapTensor): HeapTensor[] {
  const tensors: HeapTensor[] = [];
  try {
    for (let i = 0; i < count; i++) tensors.push(make(i));
    return tensors;
  } catch (error) {
    releaseAll(tensors);
    throw error;
  }
}

function copyOut(runtime: Runtime, from: HeapTensor, to: Float32Array): void {
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(heapBytes(runtime, from.data, to.byteLength));
}

/** Where each of `names` stands in `list`. */
function positions(names: readonly string[], list: readonly string[]): number[] {
  return names.map((name) => {
    const i = list.indexOf(name);
    if (i < 0)
      throw new OnnxRuntimeError(`Found no "${name}" among "${list.join('", "')}": this is no decode graph`);
    return i;
  });
}
