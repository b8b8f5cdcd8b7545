import type { Architecture } from "../../../shared/contracts/model.ts";
import type { InferenceEngine, Prefix, Sequence } from "../../../shared/ports/inference-engine.ts";
import { createRandom } from "../../../shared/random.ts";

/** What comes after these tokens; prefix tokens stand in the history as -1. */
export type LogitsFor = (history: readonly number[]) => Float32Array;

export interface FakeEngine extends InferenceEngine {
  /** Calls of `append`, as token ids. */
  readonly appended: (readonly number[])[];
  readonly open: { sequences: number; prefixes: number };
}

export const tinyArchitecture: Architecture = {
  family: "llama",
  hiddenSize: 4,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headSize: 2,
  intermediateSize: 8,
  vocabularySize: 16,
  contextLength: 64,
  ropeTheta: 10000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};

/** Logits drawn from a generator seeded by the whole history: any slip in what was appended shows. */
export function hashedLogits(vocabulary: number): LogitsFor {
  return (history) => {
    const seed = history.reduce((hash, id) => Math.imul(hash ^ (id + 2), 0x01000193) >>> 0, 0x811c9dc5);
    const random = createRandom(seed);
    return Float32Array.from({ length: vocabulary }, () => random.normal());
  };
}

/** Logits that make one token all but certain at each position after the input. */
export function scriptedLogits(
  vocabulary: number,
  inputLength: number,
  script: readonly number[],
): LogitsFor {
  return (history) => {
    const logits = new Float32Array(vocabulary);
    logits[script[history.length - inputLength] ?? 0] = 50;
    return logits;
  };
}

/**
 * An engine without a model, where our own logic around it is the subject. Like a real one it reuses its logits array and
 * lets the event loop turn while it works.
 */
export function createFakeEngine(
  architecture: Architecture = tinyArchitecture,
  logitsFor?: LogitsFor,
): FakeEngine {
  const { vocabularySize, contextLength } = architecture;
  const compute = logitsFor ?? hashedLogits(vocabularySize);
  const appended: (readonly number[])[] = [];
  const open = { sequences: 0, prefixes: 0 };
  const histories = new WeakMap<Prefix, number[]>();
  let busy = false;
  let shared = new Float32Array(0);

  const makePrefix = (tokens: number): Prefix => {
    let released = false;
    open.prefixes++;
    const bytes = tokens * architecture.layers * 2 * architecture.kvHeads * architecture.headSize * 4;
    const prefix: Prefix = {
      tokens,
      bytes,
      release() {
        if (released) throw new Error("A prefix was released twice");
        released = true;
        histories.delete(prefix);
        open.prefixes--;
      },
    };
    histories.set(prefix, new Array<number>(tokens).fill(-1));
    return prefix;
  };
  const makeSequence = (history: number[]): Sequence => {
    let closed = false;
    open.sequences++;
    return {
      get length() {
        return history.length;
      },
      async append(ids, logitsAt = "last") {
        if (closed) throw new Error("A closed sequence was used");
        if (busy) throw new Error("The engine was used while it was busy");
        if (history.length + ids.length > contextLength) throw new Error("The context is full");
        busy = true;
        await Promise.resolve();
        busy = false;
        appended.push(ids);
        const rows = logitsAt === "last" ? [ids.length - 1] : logitsAt;
        if (shared.length !== rows.length * vocabularySize)
          shared = new Float32Array(rows.length * vocabularySize);
        rows.forEach((row, i) =>
          shared.set(compute([...history, ...ids.slice(0, row + 1)]), i * vocabularySize),
        );
        history = [...history, ...ids];
        return shared;
      },
      fork: () => makeSequence(history),
      close() {
        if (closed) throw new Error("A sequence was closed twice");
        closed = true;
        open.sequences--;
      },
    };
  };
  return {
    architecture,
    appended,
    open,
    computePrefix: async ({ tokens }) => makePrefix(tokens),
    loadPrefix: async ({ tokens }) => makePrefix(tokens),
    start(prefix) {
      const history = prefix ? histories.get(prefix) : [];
      if (!history) throw new Error("A released prefix was used");
      return makeSequence(history);
    },
    memoryBytes: () => 0,
    close() {},
  };
}
