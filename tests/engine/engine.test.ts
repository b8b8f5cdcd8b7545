import { beforeEach, describe, expect, it } from "vitest";
import type { Architecture } from "../../shared/contracts/model.ts";
import type { DecodeSession, DecodeStep, KvCache } from "../../shared/inference/decode-session.ts";
import { createEngine } from "../../shared/inference/engine.ts";
import { EngineUsageError } from "../../shared/inference/errors.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";

const architecture: Architecture = {
  family: "llama",
  hiddenSize: 4,
  layers: 1,
  heads: 1,
  kvHeads: 1,
  headSize: 4,
  intermediateSize: 4,
  vocabularySize: 3,
  contextLength: 100,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};

/** A session that computes nothing, and counts what is not released. */
class FakeSession implements DecodeSession {
  readonly steps: DecodeStep[] = [];
  held = 0;
  failAt = Infinity;

  async run(step: DecodeStep): Promise<KvCache> {
    if (this.steps.push(step) === this.failAt) throw new Error("broken");
    step.logits.fill(step.rows.at(-1) ?? -1);
    return this.#cache((step.past?.tokens ?? 0) + (step.prompt?.tokens ?? 0) + step.ids.length);
  }
  async load({ tokens }: { tokens: number }): Promise<KvCache> {
    return this.#cache(tokens);
  }
  memoryBytes(): number {
    return this.held;
  }
  close(): void {}

  #cache(tokens: number): KvCache {
    let live = true;
    this.held += 1;
    return {
      tokens,
      bytes: tokens,
      release: () => {
        if (live) this.held -= 1;
        live = false;
      },
    };
  }
}

describe("createEngine", () => {
  let session: FakeSession;
  let engine: InferenceEngine;
  beforeEach(() => {
    session = new FakeSession();
    engine = createEngine(session, architecture, { chunkTokens: 4 });
  });
  const ids = [10, 11, 12, 13, 14, 15, 16, 17, 18];

  it("runs long inputs in pieces, with the rows of each", async () => {
    await engine.start().append(ids, [0, 3, 4, 8]);
    expect(session.steps.map(({ ids: piece, rows, past }) => [piece, rows, past?.tokens])).toEqual([
      [[10, 11, 12, 13], [0, 3], undefined],
      [[14, 15, 16, 17], [0], 4],
      [[18], [0], 8],
    ]);
    expect(session.held).toBe(1);
  });

  it("runs soft-prompt vectors in pieces too, tokens right behind them", async () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    await engine.computePrefix({ tokens: 6, data }, [10, 11, 12]);
    expect(session.steps.map(({ prompt, ids: piece }) => [prompt?.tokens, prompt?.data[0], piece])).toEqual([
      [4, 0, []],
      [2, 16, [10, 11]],
      [undefined, undefined, [12]],
    ]);
  });

  it("releases all that it made when a piece fails, and keeps the sequence as it was", async () => {
    const sequence = engine.start();
    await sequence.append([1, 2]);
    session.failAt = session.steps.length + 3;
    await expect(sequence.append(ids)).rejects.toThrow("broken");
    expect([sequence.length, session.held]).toEqual([2, 1]);
    await sequence.append([3]);
    expect(sequence.length).toBe(3);
    session.failAt = session.steps.length + 2;
    await expect(engine.computePrefix({ tokens: 0, data: new Float32Array(0) }, ids)).rejects.toThrow(
      "broken",
    );
    sequence.close();
    expect(session.held).toBe(0);
  });

  it("lets a sequence be closed while it runs", async () => {
    const sequence = engine.start();
    const running = sequence.append(ids);
    sequence.close();
    await expect(running).rejects.toThrow(EngineUsageError);
    expect(session.held).toBe(0);
  });

  it("frees a prefix with the last that uses it", async () => {
    const prefix = await engine.loadPrefix({ tokens: 2, data: new Float32Array(16) });
    const sequence = engine.start(prefix);
    const fork = sequence.fork();
    prefix.release();
    sequence.close();
    expect(session.held).toBe(1);
    fork.close();
    fork.close();
    expect(session.held).toBe(0);
  });

  it("refuses another engine's prefix", async () => {
    const prefix = await createEngine(new FakeSession(), architecture).computePrefix({
      tokens: 1,
      data: new Float32Array(4),
    });
    expect(() => engine.start(prefix)).toThrow(EngineUsageError);
  });
});
