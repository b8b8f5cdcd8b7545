import { describe, expect, it } from "vitest";
import {
  generate,
  type GenerationEvent,
  type GenerationSettings,
  type Turns,
} from "../../functions/inference/generate.ts";
import { prefill } from "../../functions/inference/prefill.ts";
import { defaultSampling } from "../../functions/inference/sampling.ts";
import { createFakeEngine, hashedLogits, scriptedLogits, tinyArchitecture } from "./support/fake-engine.ts";
import { createTinyTokenizer } from "./support/tiny-tokenizer.ts";

const END = 0;
const tokenizer = createTinyTokenizer(["", " spam", "a", "b", "ST", "OP", "c", "?"], [END]);
const input = [7, 7, 7];
const free: Turns = {
  take: (step) => step(),
  append: async ({ sequence, id }, read) => read(await sequence.append([id])),
  expired: () => false,
};
const greedy: GenerationSettings = {
  sampling: { ...defaultSampling, temperature: 0 },
  seed: 1,
  maxTokens: 20,
  stops: [],
  topLogprobs: null,
  dropLeadingSpace: false,
  isStreamed: true,
};

interface RunOptions {
  readonly settings?: Partial<GenerationSettings>;
  readonly turns?: Turns;
  readonly contextLength?: number;
}

async function run(
  script: readonly number[],
  { settings, turns = free, contextLength = 64 }: RunOptions = {},
) {
  const engine = createFakeEngine(tinyArchitecture, scriptedLogits(16, input.length, script));
  const sequence = engine.start();
  const logits = await prefill(turns, sequence, input);
  const events: GenerationEvent[] = [];
  const all = { ...greedy, ...settings };
  for await (const event of generate(turns, sequence, logits, tokenizer, contextLength, input, 0, all))
    events.push(event);
  const texts = events.filter((event) => event.type === "text");
  const finish = events.at(-1);
  return {
    text: texts.map((event) => event.text).join(""),
    tokens: texts.flatMap((event) => event.tokens),
    finish: finish?.type === "finish" ? finish : undefined,
    events,
    engine,
  };
}

describe("generate", () => {
  it("ends at an end token, which is counted and not shown", async () => {
    const { text, finish, engine } = await run([2, 3, END, 6]);
    expect(text).toBe("ab");
    expect(finish).toEqual({ type: "finish", reason: "stop", tokens: 3 });
    // The end token is never run through the model.
    expect(engine.appended).toEqual([input, [2], [3]]);
  });

  it("ends after the most tokens allowed, without running the last one", async () => {
    const { text, finish, engine } = await run([2, 3, 6, 2], { settings: { maxTokens: 3 } });
    expect(text).toBe("abc");
    expect(finish).toEqual({ type: "finish", reason: "length", tokens: 3 });
    expect(engine.appended).toHaveLength(3);
  });

  it("ends at the end of the context", async () => {
    const { finish, text } = await run([2, 3, 6, 2, 3], { contextLength: 5 });
    expect(finish?.reason).toBe("length");
    expect(text).toBe("abc");
  });

  it("ends with what there is when the time is over", async () => {
    let steps = 0;
    const turns: Turns = {
      ...free,
      take: (step) => {
        steps++;
        return step();
      },
      append: (next, read) => {
        steps++;
        return free.append(next, read);
      },
      expired: () => steps >= 3,
    };
    const { text, finish } = await run([2, 3, 6, 2, 3], { turns });
    expect(text).toBe("abc");
    expect(finish?.reason).toBe("length");
  });

  it("ends before a stop sequence that lies across tokens, and keeps the tokens before it", async () => {
    const { text, finish, tokens } = await run([2, 4, 5, 3], {
      settings: { stops: ["STOP"], topLogprobs: 0 },
    });
    expect(text).toBe("a");
    expect(finish).toEqual({ type: "finish", reason: "stop", tokens: 3 });
    expect(tokens.map(({ id }) => id)).toEqual([2]);
  });

  it("gives back what looked like a stop sequence when none came", async () => {
    expect((await run([4, 2, END], { settings: { stops: ["STOP"] } })).text).toBe("STa");
    expect((await run([2, 4, END], { settings: { stops: ["STOP"] } })).text).toBe("aST");
    expect((await run([2, 4], { settings: { stops: ["STOP"], maxTokens: 2 } })).text).toBe("aST");
  });

  it.each([
    ["an end token", [2, 4, 3, END], {}],
    ["a stop sequence across tokens", [2, 4, 5, 3], { stops: ["STOP"] }],
    ["the most tokens, one of them held back", [2, 4], { stops: ["STOP"], maxTokens: 2 }],
    ["an end token at once", [END], {}],
  ])("gives at %s the same in one piece as streamed", async (_, script, settings) => {
    const streamed = await run(script, { settings: { ...settings, topLogprobs: 0 } });
    const whole = await run(script, { settings: { ...settings, topLogprobs: 0, isStreamed: false } });
    expect(whole.events.length).toBeLessThanOrEqual(2);
    expect({ ...whole, events: null, engine: null }).toEqual({ ...streamed, events: null, engine: null });
    const textOnly = await run(script, { settings: { ...settings, isStreamed: false } });
    expect(textOnly.text).toBe(streamed.text);
  });

  it("drops the one space that labels are written behind", async () => {
    const { text, tokens } = await run([1, 1, END], { settings: { dropLeadingSpace: true, topLogprobs: 0 } });
    expect(text).toBe("spam spam");
    expect(tokens.map(({ id }) => id)).toEqual([1, 1]);
  });

  it("tells each token's log-probability, its rivals, and where its text begins", async () => {
    const engine = createFakeEngine(tinyArchitecture, hashedLogits(16));
    const sequence = engine.start();
    const logits = await prefill(free, sequence, input);
    const settings = { ...greedy, topLogprobs: 3, maxTokens: 4 };
    const tokens = [];
    for await (const event of generate(free, sequence, logits, tokenizer, 64, input, 0, settings)) {
      if (event.type === "text") tokens.push(...event.tokens);
    }
    let history = [...input];
    for (const { id, logprob, top } of tokens) {
      const row = hashedLogits(16)(history);
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(logprob).toBeCloseTo((row[id] as number) - total, 6);
      expect(top[0]).toEqual({ id, logprob });
      expect(top).toHaveLength(3);
      history = [...history, id];
    }
  });

  it("answers the same for the same seed and differently for each choice", async () => {
    const answer = async (seed: number, choice: number) => {
      const engine = createFakeEngine(tinyArchitecture, hashedLogits(16));
      const sequence = engine.start();
      const logits = await prefill(free, sequence, input);
      const settings = { ...greedy, sampling: defaultSampling, seed, topLogprobs: 0 };
      const ids: number[] = [];
      for await (const event of generate(free, sequence, logits, tokenizer, 64, input, choice, settings)) {
        if (event.type === "text") ids.push(...event.tokens.map(({ id }) => id));
      }
      return ids.join();
    };
    expect(await answer(5, 0)).toBe(await answer(5, 0));
    expect(
      new Set([await answer(5, 0), await answer(5, 1), await answer(6, 0), await answer(2 ** 40, 0)]).size,
    ).toBe(4);
  });

  it("stops where a turn is refused", async () => {
    let turns = 0;
    const refusing: Turns = {
      ...free,
      append: (next, read) => (++turns > 1 ? Promise.reject(new Error("gone")) : free.append(next, read)),
    };
    await expect(run([2, 3, 6], { turns: refusing })).rejects.toThrow("gone");
  });
});

describe("prefill", () => {
  it("reads long inputs in pieces and gives the logits at their end", async () => {
    const architecture = { ...tinyArchitecture, contextLength: 1024 };
    const engine = createFakeEngine(architecture);
    const ids = Array.from({ length: 150 }, (_, i) => i % 16);
    const logits = await prefill(free, engine.start(), ids);
    expect([...logits]).toEqual([...hashedLogits(16)(ids)]);
    expect(engine.appended.map((piece) => piece.length)).toEqual([64, 64, 22]);
  });
});
