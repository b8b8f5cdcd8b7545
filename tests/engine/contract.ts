import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineUsageError, ContextLengthError, SoftPromptShapeError } from "../../shared/inference/errors.ts";
import type { InferenceEngine, KvTensor, SoftPromptVectors } from "../../shared/ports/inference-engine.ts";
import { createRandom } from "../../shared/random.ts";

export interface EngineUnderTest {
  /** Loads the default base model. */
  load(): Promise<InferenceEngine>;
  /** By how much two ways to the same logits may differ. */
  readonly tolerance: number;
}

/** A few tokens of running text, ids of the default base model. */
const TOKENS = [
  1, 85, 736, 201, 59, 292, 389, 260, 3836, 1861, 501, 2, 201, 1, 320, 275, 201, 3526, 370, 276, 3167,
];
/** More than an engine computes in one go. */
const LONG = Array.from({ length: 80 }, (_, i) => 300 + ((i * 37) % 5000));

/** What every engine promises, whatever runs it. */
export function describeEngine(name: string, { load, tolerance }: EngineUnderTest): void {
  describe(`engine: ${name}`, () => {
    let engine: InferenceEngine;
    beforeAll(async () => {
      engine = await load();
    });
    afterAll(() => engine.close());

    /** Logits of a fresh sequence, copied. */
    const logitsOf = async (ids: readonly number[], at?: readonly number[]): Promise<Float32Array> => {
      const sequence = engine.start();
      const logits = (await sequence.append(ids, at)).slice();
      sequence.close();
      return logits;
    };
    const expectClose = (found: Float32Array, wanted: Float32Array) => {
      expect(found.length).toBe(wanted.length);
      const largest = found.reduce((max, value, i) => Math.max(max, Math.abs(value - (wanted[i] ?? NaN))), 0);
      expect(largest).toBeLessThanOrEqual(tolerance);
    };

    it("gives the same logits for tokens appended in one piece and in many", async () => {
      const whole = await logitsOf(LONG);
      const sequence = engine.start();
      await sequence.append(LONG.slice(0, 70), []);
      await sequence.append(LONG.slice(70, 71));
      const logits = await sequence.append(LONG.slice(71));
      expectClose(logits, whole);
      expect(sequence.length).toBe(LONG.length);
      sequence.close();
    });

    it("gives logits at the positions asked for, and for the last by default", async () => {
      const vocabulary = engine.architecture.vocabularySize;
      const positions = [0, 63, 64, 79];
      const rows = await logitsOf(LONG, positions);
      expect(rows.length).toBe(positions.length * vocabulary);
      for (const [i, position] of positions.entries()) {
        const row = rows.subarray(i * vocabulary, (i + 1) * vocabulary);
        expectClose(row, await logitsOf(LONG.slice(0, position + 1)));
      }
      expectClose(await logitsOf(LONG), rows.subarray(-vocabulary));
      expect(await logitsOf(TOKENS, [])).toHaveLength(0);
    });

    it("keeps forks apart", async () => {
      const sequence = engine.start();
      await sequence.append(TOKENS);
      const fork = sequence.fork();
      const other = (await fork.append([736, 201])).slice();
      const own = (await sequence.append([59])).slice();
      expectClose(other, await logitsOf([...TOKENS, 736, 201]));
      expectClose(own, await logitsOf([...TOKENS, 59]));
      sequence.close();
      expectClose(await fork.append([59]), await logitsOf([...TOKENS, 736, 201, 59]));
      fork.close();
    });

    it("frees a sequence's logits with it, and not its fork's", async () => {
      const sequence = engine.start();
      const logits = await sequence.append(TOKENS);
      const fork = sequence.fork();
      const other = await fork.append([59]);
      sequence.close();
      expect(logits).toHaveLength(0);
      expect(other).not.toHaveLength(0);
      fork.close();
    });

    it("keeps sequences apart that append at the same time", async () => {
      const [a, b] = [engine.start(), engine.start()];
      const [first, second] = await Promise.all([a.append(LONG), b.append(TOKENS)]);
      const copies = [first.slice(), second.slice()] as const;
      expectClose(copies[0], await logitsOf(LONG));
      expectClose(copies[1], await logitsOf(TOKENS));
      a.close();
      b.close();
    });

    it("starts after a computed prefix as if its vectors stood in front", async () => {
      const prompt = vectors(engine, 70);
      const prefix = await engine.computePrefix(prompt);
      const longer = await engine.computePrefix(prompt, TOKENS.slice(0, 7));
      expect([prefix.tokens, longer.tokens]).toEqual([70, 77]);
      expect(prefix.bytes).toBeGreaterThan(0);
      const after = engine.start(prefix);
      const afterLonger = engine.start(longer);
      expect([after.length, afterLonger.length]).toEqual([70, 77]);
      const inline = await engine.computePrefix(prompt, TOKENS.slice(0, -1));
      const afterInline = engine.start(inline);
      const logits = (await after.append(TOKENS)).slice();
      expectClose(await afterLonger.append(TOKENS.slice(7)), logits);
      expectClose(await afterInline.append(TOKENS.slice(-1)), logits);
      const changed = logits.some((value, i) => Math.abs(value - (bare[i] ?? 0)) > 0.5);
      expect(changed).toBe(true);
      for (const sequence of [after, afterLonger, afterInline]) sequence.close();
      for (const computed of [prefix, longer, inline]) computed.release();
    });
    let bare: Float32Array;
    beforeAll(async () => {
      bare = await logitsOf(TOKENS);
    });

    it("loads keys and values that decide what follows, and no others", async () => {
      const kv = keysAndValues(engine, 5);
      const prefix = await engine.loadPrefix(kv);
      const copy = await engine.loadPrefix({ tokens: 5, data: kv.data.slice() });
      const other = await engine.loadPrefix(keysAndValues(engine, 5, 2));
      const results: Float32Array[] = [];
      for (const loaded of [prefix, copy, other]) {
        expect(loaded.tokens).toBe(5);
        const sequence = engine.start(loaded);
        results.push((await sequence.append(TOKENS)).slice());
        sequence.close();
        loaded.release();
      }
      const [first, second, third] = results as [Float32Array, Float32Array, Float32Array];
      expectClose(second, first);
      expect(third.some((value, i) => Math.abs(value - (first[i] ?? 0)) > 0.1)).toBe(true);
    });

    it("keeps a prefix for the sequences that use it after its release", async () => {
      const prefix = await engine.computePrefix(vectors(engine, 4));
      const sequence = engine.start(prefix);
      const reference = engine.start(prefix);
      const wanted = (await reference.append(TOKENS)).slice();
      prefix.release();
      prefix.release();
      expect(() => engine.start(prefix)).toThrow(EngineUsageError);
      expectClose(await sequence.append(TOKENS), wanted);
      sequence.close();
      reference.close();
    });

    it("takes an empty prefix for none", async () => {
      const prefix = await engine.computePrefix({ tokens: 0, data: new Float32Array(0) });
      expect([prefix.tokens, prefix.bytes]).toEqual([0, 0]);
      const sequence = engine.start(prefix);
      expectClose(await sequence.append(TOKENS), bare);
      sequence.close();
      prefix.release();
    });

    it("refuses what would pass the context, and stays usable", async () => {
      const { contextLength } = engine.architecture;
      const sequence = engine.start();
      await sequence.append(TOKENS);
      await expect(sequence.append(Array<number>(contextLength).fill(5))).rejects.toMatchObject({
        constructor: ContextLengthError,
        status: 400,
        code: "context_length_exceeded",
      });
      expect(sequence.length).toBe(TOKENS.length);
      expectClose(await sequence.append([59]), await logitsOf([...TOKENS, 59]));
      sequence.close();
      const tooMany = contextLength + 1;
      const { hiddenSize } = engine.architecture;
      const wide = { tokens: tooMany, data: new Float32Array(tooMany * hiddenSize) };
      await expect(engine.computePrefix(wide)).rejects.toThrow(ContextLengthError);
    });

    it("refuses soft prompts of another model's sizes", async () => {
      const wrong = { tokens: 2, data: new Float32Array(7) };
      await expect(engine.computePrefix(wrong)).rejects.toThrow(SoftPromptShapeError);
      await expect(engine.loadPrefix(wrong)).rejects.toThrow(SoftPromptShapeError);
    });

    it("refuses to be used against its contract", async () => {
      const sequence = engine.start();
      await expect(sequence.append([])).rejects.toThrow(EngineUsageError);
      await expect(sequence.append([1, 2], [1, 0])).rejects.toThrow(EngineUsageError);
      await expect(sequence.append([1, 2], [2])).rejects.toThrow(EngineUsageError);
      const running = sequence.append(TOKENS);
      await expect(sequence.append([1])).rejects.toThrow(EngineUsageError);
      await running;
      sequence.close();
      await expect(sequence.append([1])).rejects.toThrow(EngineUsageError);
      expect(() => sequence.fork()).toThrow(EngineUsageError);
    });

    it("needs no more memory the longer it is used", async () => {
      const round = async () => {
        const prefix = await engine.computePrefix(vectors(engine, 20));
        const sequence = engine.start(prefix);
        await sequence.append(LONG);
        const fork = sequence.fork();
        for (const id of TOKENS.slice(0, 5)) await fork.append([id]);
        fork.close();
        sequence.close();
        prefix.release();
      };
      await round();
      const before = engine.memoryBytes();
      for (let i = 0; i < 3; i++) await round();
      expect(engine.memoryBytes()).toBeLessThanOrEqual(before);
    });
  });
}

function vectors({ architecture }: InferenceEngine, tokens: number): SoftPromptVectors {
  return { tokens, data: normals(tokens * architecture.hiddenSize, 1, 0.3) };
}

function keysAndValues({ architecture }: InferenceEngine, tokens: number, seed = 1): KvTensor {
  const { layers, kvHeads, headSize } = architecture;
  return { tokens, data: normals(layers * 2 * kvHeads * tokens * headSize, seed, 1) };
}

function normals(count: number, seed: number, deviation: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal() * deviation);
}
