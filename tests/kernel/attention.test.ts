import { expect, it } from "vitest";
import { createKvPages, PAGE_TOKENS } from "../../functions/kernel/kv-pages.ts";
import { createRandom } from "../../shared/random.ts";
import { attend, rowsOf } from "./reference.ts";
import { createBench, relativeError, sized, testRows } from "./support.ts";

const cases = [
  { heads: 4, kvHeads: 2, headSize: 8, tokens: 1 },
  { heads: 4, kvHeads: 4, headSize: 16, tokens: 16 },
  { heads: 6, kvHeads: 2, headSize: 24, tokens: 17 },
  { heads: 8, kvHeads: 2, headSize: 64, tokens: 50 },
  { heads: 3, kvHeads: 1, headSize: 48, tokens: 95 },
  { heads: 7, kvHeads: 1, headSize: 16, tokens: 33 },
];

interface Sizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly tokens: number;
}

/** Attention of one position over keys and values `[tokens, kvHeads, headSize]`, in the second layer of a model. */
function runAttention(sizes: Sizes, query: Float32Array, keys: Float32Array, values: Float32Array) {
  const { heads, kvHeads, headSize, tokens } = sizes;
  const { kernel, arena, put, room, read } = createBench();
  const pages = createKvPages(arena, sized({ heads, kvHeads, headSize, layers: 2 }));
  const table = put(Uint32Array.from(pages.extend(null, tokens).pages));
  const offset = pages.layerOffset(1);
  const [keysAt, valuesAt] = [put(keys), put(values)];
  for (let position = 0; position < tokens; position++) {
    const at = position * kvHeads * headSize * 4;
    kernel.storeKeyValue(keysAt + at, valuesAt + at, kvHeads, headSize, table, offset, position);
  }
  const scores = room(Math.ceil(tokens / PAGE_TOKENS) * PAGE_TOKENS * 4);
  const [levels, y] = [room(2 * headSize + 4), room(heads * headSize)];
  const queryAt = put(query);
  kernel.attention(queryAt, heads, kvHeads, headSize, table, offset, tokens, scores, levels, y);
  return read(y, heads * headSize);
}

it.each(cases)("attention, $heads heads over $kvHeads of $headSize, $tokens tokens", (sizes) => {
  const { heads, kvHeads, headSize, tokens } = sizes;
  const random = createRandom(tokens);
  const query = testRows(random, 1, heads * headSize);
  const keys = Float32Array.from({ length: tokens * kvHeads * headSize }, () => random.normal());
  const values = Float32Array.from({ length: tokens * kvHeads * headSize }, () => 100 * random.normal());

  const found = runAttention(sizes, query, keys, values);

  const headRows = (x: Float32Array, head: number) =>
    rowsOf(x, headSize).filter((_, i) => i % kvHeads === head);
  const wanted = rowsOf(query, headSize).flatMap((head, i) => {
    const group = Math.floor(i / (heads / kvHeads));
    return attend(head, headRows(keys, group), headRows(values, group));
  });
  // Keys and queries have about 13 bits, values 15.
  expect(relativeError(found, wanted)).toBeLessThan(1e-3);
});

it("one score far above the others takes all the weight", () => {
  const keys = Float32Array.from([0, 1e5, 0].flatMap((key) => new Array<number>(8).fill(key)));
  const values = Float32Array.from([1, 2, 3].flatMap((value) => new Array<number>(8).fill(value)));
  const sizes = { heads: 1, kvHeads: 1, headSize: 8, tokens: 3 };
  const found = runAttention(sizes, new Float32Array(8).fill(1), keys, values);
  expect(relativeError(found, new Array<number>(8).fill(2))).toBeLessThan(1e-6);
});
