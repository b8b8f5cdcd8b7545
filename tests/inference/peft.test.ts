import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ForewordError } from "../../shared/errors.ts";
import { parsePeftPrompt } from "../../shared/formats/peft.ts";
import { serializeSafetensors, type Tensor } from "../../shared/formats/safetensors.ts";
import { tinyAppArchitecture as architecture } from "./support/tiny-app.ts";
import { randomVectors, tensor } from "./support/tuned-prompt.ts";

const { hiddenSize, layers, kvHeads, headSize } = architecture;
const P = 3;
const prefixWidth = 2 * layers * kvHeads * headSize;
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function config(type = "PROMPT_TUNING", changes: object = {}): Uint8Array {
  return encode({
    peft_type: type,
    task_type: "CAUSAL_LM",
    base_model_name_or_path: "some/model",
    revision: null,
    inference_mode: true,
    num_virtual_tokens: P,
    token_dim: hiddenSize,
    num_transformer_submodules: 1,
    num_attention_heads: 4,
    num_layers: layers,
    ...changes,
  });
}
const file = (tensors: Record<string, Tensor>) =>
  serializeSafetensors(new Map(Object.entries(tensors)), { format: "pt" });
const embeddings = randomVectors(P * hiddenSize);
const plain = file({ prompt_embeddings: tensor([P, hiddenSize], embeddings) });

describe("PEFT adapters", () => {
  it("are taken as they are for prompt tuning and P-tuning", () => {
    for (const type of ["PROMPT_TUNING", "P_TUNING"]) {
      const prompt = parsePeftPrompt(config(type), plain, architecture);
      expect(prompt).toEqual({ method: "prompt_tuning", vectors: { tokens: P, data: embeddings } });
    }
  });

  it("become keys and values in the order of the cache for prefix tuning", () => {
    // Each number says where it belongs: token, then 2*layer + (0 key, 1 value), head, place in the head.
    const place = (token: number, part: number, head: number, i: number) =>
      token * 1000 + part * 100 + head * 10 + i;
    const saved: number[] = [];
    for (let token = 0; token < P; token++)
      for (let part = 0; part < 2 * layers; part++)
        for (let head = 0; head < kvHeads; head++)
          for (let i = 0; i < headSize; i++) saved.push(place(token, part, head, i));
    const model = file({ prompt_embeddings: tensor([P, prefixWidth], Float32Array.from(saved)) });
    const prompt = parsePeftPrompt(config("PREFIX_TUNING"), model, architecture);
    const wanted: number[] = [];
    for (let layer = 0; layer < layers; layer++)
      for (let part = 0; part < 2; part++)
        for (let head = 0; head < kvHeads; head++)
          for (let token = 0; token < P; token++)
            for (let i = 0; i < headSize; i++) wanted.push(place(token, 2 * layer + part, head, i));
    expect(prompt).toEqual({ method: "prefix_tuning", kv: { tokens: P, data: Float32Array.from(wanted) } });
  });

  it("are worked out for one task for multi-task prompt tuning", () => {
    const [tasks, rank] = [2, 2];
    const cols = randomVectors(tasks * P * rank, 2);
    const rows = randomVectors(tasks * rank * hiddenSize, 3);
    const model = file({
      prompt_embeddings: tensor([P, hiddenSize], embeddings),
      prefix_task_cols: tensor([tasks, P, rank], cols),
      prefix_task_rows: tensor([tasks, rank, hiddenSize], rows),
    });
    const type = "MULTITASK_PROMPT_TUNING";
    const prompt = parsePeftPrompt(config(type), model, architecture, 1);
    if (prompt.method !== "prompt_tuning") throw new Error("Wanted vectors");
    for (let token = 0; token < P; token++) {
      for (let i = 0; i < hiddenSize; i++) {
        const at = (r: number) =>
          (cols[(P + token) * rank + r] ?? 0) * (rows[(rank + r) * hiddenSize + i] ?? 0);
        const expected = (embeddings[token * hiddenSize + i] ?? 0) * (at(0) + at(1));
        expect(prompt.vectors.data[token * hiddenSize + i]).toBeCloseTo(expected, 8);
      }
    }
    expect(() => parsePeftPrompt(config(type), model, architecture)).toThrow("2 tasks");
    expect(() => parsePeftPrompt(config(type), model, architecture, 2)).toThrow("task 2");
    expect(() => parsePeftPrompt(config(type), plain, architecture, 0)).toThrow("prefix_task_cols");
  });

  it("may be stored in half precision", () => {
    const values = [0, 1, -2, 0.5, 6.103515625e-5, 5.960464477539063e-8, 65504, -0.333251953125];
    const half = [0x0000, 0x3c00, 0xc000, 0x3800, 0x0400, 0x0001, 0x7bff, 0xb555];
    const brain = [0x0000, 0x3f80, 0xc000, 0x3f00, 0x3880, 0x3380, 0x4780, 0xbeab];
    const read = (type: "F16" | "BF16", bits: number[]) => {
      const bytes = new Uint8Array(Uint16Array.from(bits).buffer);
      const model = file({ prompt_embeddings: { type, shape: [1, hiddenSize], bytes } });
      const prompt = parsePeftPrompt(config("PROMPT_TUNING", { num_virtual_tokens: 1 }), model, architecture);
      return prompt.method === "prompt_tuning" ? [...prompt.vectors.data] : [];
    };
    expect(read("F16", half)).toEqual(values);
    // bfloat16 has eight bits of precision.
    read("BF16", brain).forEach((value, i) =>
      expect(value).toBeCloseTo(values[i] ?? 0, value > 1000 ? -3 : 2),
    );
    expect(() => read("F16", [0x7c00, 0, 0, 0, 0, 0, 0, 0])).toThrow("not finite");
    expect(() => read("BF16", [0x7fc0, 0, 0, 0, 0, 0, 0, 0])).toThrow("not finite");
  });

  const wide = tensor([P, hiddenSize + 1], randomVectors(P * (hiddenSize + 1)));
  const broken = embeddings.slice();
  broken[5] = Number.NaN;
  it.each<[string, Uint8Array, Uint8Array, string]>([
    ["another kind of adapter", config("LORA"), plain, "peft_type"],
    ["another kind of task", config("PROMPT_TUNING", { task_type: "SEQ_CLS" }), plain, "task_type"],
    ["no virtual tokens", config("PROMPT_TUNING", { num_virtual_tokens: 0 }), plain, "num_virtual_tokens"],
    [
      "more tokens than half the context",
      config("PROMPT_TUNING", { num_virtual_tokens: 65 }),
      plain,
      "at most half",
    ],
    [
      "trained modules beside the prompt",
      config("PROMPT_TUNING", { modules_to_save: ["lm_head"] }),
      plain,
      "modules_to_save",
    ],
    [
      "two prompts in one",
      config("PROMPT_TUNING", { num_transformer_submodules: 2 }),
      plain,
      "num_transformer_submodules",
    ],
    [
      "other tensors",
      config(),
      file({
        prompt_embeddings: tensor([P, hiddenSize], embeddings),
        extra: tensor([1], new Float32Array(1)),
      }),
      '"extra"',
    ],
    ["another width", config(), file({ prompt_embeddings: wide }), `wanted [3,${hiddenSize}]`],
    ["another number of tokens", config("PROMPT_TUNING", { num_virtual_tokens: 2 }), plain, "wanted [2,"],
    ["a prefix of the wrong width", config("PREFIX_TUNING"), plain, `wanted [3,${prefixWidth}]`],
    ["one dimension", config(), file({ prompt_embeddings: tensor([P * hiddenSize], embeddings) }), "shape"],
    [
      "integers",
      config(),
      file({
        prompt_embeddings: { type: "I8", shape: [P, hiddenSize], bytes: new Uint8Array(P * hiddenSize) },
      }),
      "I8",
    ],
    [
      "numbers that are not",
      config(),
      file({ prompt_embeddings: tensor([P, hiddenSize], broken) }),
      "not finite",
    ],
    ["nothing", config(), file({}), "missing"],
    ["no safetensors", config(), encode("hello hello hello"), "possible here"],
    ["no JSON", Uint8Array.of(0xff), plain, "not UTF-8 JSON"],
    ["an endless configuration", new Uint8Array(100_000).fill(32), plain, "at most 65536"],
  ])("with %s are refused", (_, configuration, model, message) => {
    let error: unknown;
    try {
      parsePeftPrompt(configuration, model, architecture);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ForewordError);
    expect(error).toMatchObject({ status: 422, message: expect.stringContaining(message) as string });
  });

  it("are refused or understood, never anything else, whatever the bytes", () => {
    const mutated = fc
      .array(fc.tuple(fc.nat(plain.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((changes) => {
        const bytes = plain.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const anyConfig = fc.oneof(
      fc.constant(config()),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.uint8Array(),
    );
    const anyModel = fc.oneof(
      mutated,
      fc.nat(plain.length).map((length) => plain.slice(0, length)),
      fc.uint8Array({ maxLength: 64 }),
    );
    fc.assert(
      fc.property(anyConfig, anyModel, (configuration, model) => {
        try {
          const prompt = parsePeftPrompt(configuration, model, architecture);
          expect(prompt.method === "prompt_tuning" && prompt.vectors.data.every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ForewordError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
