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
];

it.each(cases)("attention, $heads heads over $kvHeads of $headSize, $tokens tokens", (sizes) => {
  const { heads, kvHeads, headSize, tokens } = sizes;
  const random = createRandom(tokens);
  const bench = createBench();
  const architecture = sized({ ...sizes, layers: 2 });
  const pages = createKvPages(bench.arena, architecture);
  const query = testRows(random, 1, heads * headSize);
  const keys = Float32Array.from({ length: tokens * kvHeads * headSize }, () => random.normal());
  const values = Float32Array.from({ length: tokens * kvHeads * headSize }, () => 100 * random.normal());

  const cache = pages.extend(null, tokens);
  const table = bench.put(Uint32Array.from(cache.pages));
  const offset = pages.layerOffset(1);
  const [keysAt, valuesAt] = [bench.put(keys), bench.put(values)];
  for (let position = 0; position < tokens; position++) {
    const at = position * kvHeads * headSize * 4;
    bench.kernel.storeKeyValue(keysAt + at, valuesAt + at, kvHeads, headSize, table, offset, position);
  }
  const scores = bench.room(Math.ceil(tokens / PAGE_TOKENS) * PAGE_TOKENS);
  const y = bench.room(heads * headSize);
  bench.kernel.attention(bench.put(query), heads, kvHeads, headSize, table, offset, tokens, scores, y);

  const headRows = (x: Float32Array, head: number) =>
    rowsOf(x, headSize).filter((_, i) => i % kvHeads === head);
  const wanted = rowsOf(query, headSize).flatMap((head, i) => {
    const group = Math.floor(i / (heads / kvHeads));
    return attend(head, headRows(keys, group), headRows(values, group));
  });
  expect(relativeError(bench.read(y, heads * headSize), wanted)).toBeLessThan(3e-6);
});

it("one score far above the others takes all the weight", () => {
  const bench = createBench();
  const pages = createKvPages(bench.arena, sized({ heads: 1, kvHeads: 1, headSize: 8, layers: 1 }));
  const cache = pages.load({
    tokens: 3,
    data: Float32Array.from(
      [0, 1e5, 0]
        .flatMap((key) => new Array<number>(8).fill(key))
        .concat([1, 2, 3].flatMap((value) => new Array<number>(8).fill(value))),
    ),
  });
  const y = bench.room(8);
  const [query, table] = [bench.put(new Float32Array(8).fill(1)), bench.put(Uint32Array.from(cache.pages))];
  bench.kernel.attention(query, 1, 1, 8, table, 0, 3, bench.room(16), y);
  expect([...bench.read(y, 8)]).toEqual(new Array(8).fill(2));
});
