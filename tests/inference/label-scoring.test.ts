import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Turns } from "../../functions/inference/generate.ts";
import { scoreLabels, type Sequences } from "../../functions/inference/label-scoring.ts";
import { buildLabelTrie } from "../../functions/inference/label-trie.ts";
import { createFakeEngine, hashedLogits, tinyArchitecture } from "./support/fake-engine.ts";

const VOCABULARY = 16;
const END = 0;
const turns: Pick<Turns, "take"> = { take: (step) => step() };
const sequences: Sequences = { fork: (sequence) => sequence.fork(), free: (sequence) => sequence.close() };

async function score(input: readonly number[], labels: readonly (readonly number[])[]) {
  const engine = createFakeEngine();
  const sequence = engine.start();
  const logits = (await sequence.append(input)).slice();
  const scores = await scoreLabels(
    turns,
    sequences,
    sequence,
    logits,
    buildLabelTrie(labels),
    labels.length,
    END,
  );
  sequence.close();
  expect(engine.open.sequences).toBe(0);
  return { scores, calls: engine.appended.length - 1 };
}

/** Each label by itself, token by token, straight from the logits. */
function byDefinition(input: readonly number[], labels: readonly (readonly number[])[]) {
  const begins = (a: readonly number[], b: readonly number[]) =>
    a !== b && a.every((token, i) => b[i] === token);
  const needsEnd = labels.some((a) => labels.some((b) => begins(a, b)));
  const logitsFor = hashedLogits(VOCABULARY);
  return labels.map((label) => {
    const tokens = needsEnd ? [...label, END] : label;
    return tokens.reduce((sum, token, i) => {
      const row = logitsFor([...input, ...tokens.slice(0, i)]);
      const total = Math.log(row.reduce((all, logit) => all + Math.exp(logit), 0));
      return sum + (row[token] as number) - total;
    }, 0);
  });
}

describe("label scoring", () => {
  const token = fc.integer({ min: 1, max: 4 });
  const labelsArbitrary = fc.uniqueArray(fc.array(token, { minLength: 1, maxLength: 4 }), {
    minLength: 2,
    maxLength: 8,
    selector: (label) => label.join(),
  });

  it("equals scoring each label by itself, for any labels", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(token, { minLength: 1, maxLength: 5 }),
        labelsArbitrary,
        async (input, labels) => {
          const { scores } = await score(input, labels);
          const expected = byDefinition(input, labels);
          scores.forEach(({ logprob }, i) => expect(logprob).toBeCloseTo(expected[i] as number, 5));
          const total = expected.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
          scores.forEach(({ probability }, i) =>
            expect(probability).toBeCloseTo(Math.exp(expected[i] as number) / total, 6),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("asks the model nothing more for labels of one token", async () => {
    expect((await score([1], [[1], [2], [3]])).calls).toBe(0);
  });

  it("asks once for each place where labels of several tokens go on", async () => {
    // Two labels share two tokens, a third goes its own way: one run of two tokens and one of two.
    expect(
      (
        await score(
          [1],
          [
            [1, 2, 3],
            [1, 2, 4],
            [2, 2, 2],
          ],
        )
      ).calls,
    ).toBe(2);
    expect((await score([1], [[1, 2], [3]])).calls).toBe(1);
  });

  it("counts the end token for all where one label begins another", async () => {
    const labels = [[1], [1, 2], [3]];
    const { scores } = await score([2], labels);
    const expected = byDefinition([2], labels);
    scores.forEach(({ logprob }, i) => expect(logprob).toBeCloseTo(expected[i] as number, 5));
    expect(buildLabelTrie(labels).needsEnd).toBe(true);
    expect(buildLabelTrie([[1], [2, 2]]).needsEnd).toBe(false);
  });

  it("keeps probabilities apart however unlikely all labels are", async () => {
    const engine = createFakeEngine(tinyArchitecture, () =>
      Float32Array.from({ length: 16 }, (_, id) => (id === 9 ? 5000 : id)),
    );
    const sequence = engine.start();
    const logits = (await sequence.append([1])).slice();
    const trie = buildLabelTrie([[1], [2]]);
    const [a, b] = await scoreLabels(turns, sequences, sequence, logits, trie, 2, END);
    expect(b?.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect((a?.probability ?? 0) + (b?.probability ?? 0)).toBeCloseTo(1, 12);
  });
});
