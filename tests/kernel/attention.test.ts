import { describe, expect, it } from "vitest";
import { createKvPages, PAGE_TOKENS } from "../../functions/kernel/kv-pages.ts";
import { attentionFloats } from "../../functions/kernel/work-space.ts";
import { variants } from "../../scripts/build-kernel.ts";
import { roundUp } from "../../shared/formats/packed-weights.ts";
import { createRandom } from "../../shared/random.ts";
import { attend, rowsOf } from "./reference.ts";
import { createBench, kernelModules, relativeError, sized, testRows } from "./support.ts";

/** `rows` are the last of so many tokens. */
interface Sizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly tokens: number;
  readonly rows: number;
}

const cases: readonly Sizes[] = [
  { heads: 4, kvHeads: 2, headSize: 8, tokens: 1, rows: 1 },
  { heads: 4, kvHeads: 4, headSize: 16, tokens: 16, rows: 1 },
  { heads: 6, kvHeads: 2, headSize: 24, tokens: 17, rows: 3 },
  { heads: 8, kvHeads: 2, headSize: 64, tokens: 50, rows: 6 },
  { heads: 2, kvHeads: 2, headSize: 64, tokens: 25, rows: 16 },
  { heads: 3, kvHeads: 1, headSize: 48, tokens: 95, rows: 2 },
  { heads: 7, kvHeads: 1, headSize: 16, tokens: 33, rows: 33 },
];

describe.each(variants)("the %s kernel", (variant) => {
  /** Attention of the last positions over keys and values `[tokens, kvHeads, headSize]`, in the second layer of a model. */
  function runAttention(sizes: Sizes, query: Float32Array, keys: Float32Array, values: Float32Array) {
    const { heads, kvHeads, headSize, tokens, rows } = sizes;
    const { kernel, arena, put, room, read } = createBench(kernelModules[variant]);
    const pages = createKvPages(arena, sized({ heads, kvHeads, headSize, layers: 2 }));
    const taken = pages.extend(null, tokens).pages;
    const offset = pages.layerOffset(1);
    // What lies where nothing was written yet must not matter: here scales are no numbers.
    for (const page of taken) arena.bytes(page, 2 * offset).fill(255);
    const table = put(Uint32Array.from(taken));
    const [keysAt, valuesAt] = [put(keys), put(values)];
    for (let position = 0; position < tokens; position++) {
      const at = position * kvHeads * headSize * 4;
      kernel.storeKeyValue(keysAt + at, valuesAt + at, kvHeads, headSize, table, offset, position);
    }
    const space = room(attentionFloats(roundUp(tokens, PAGE_TOKENS), headSize));
    const [queryAt, y] = [put(query), room(query.length)];
    const stride = heads * headSize * 4;
    const visible = tokens - rows + 1;
    kernel.attention(
      queryAt,
      stride,
      rows,
      heads,
      kvHeads,
      headSize,
      table,
      offset,
      visible,
      space,
      y,
      stride,
    );
    return read(y, query.length);
  }

  it.each(cases)(
    "attention, $rows rows, $heads heads over $kvHeads of $headSize, $tokens tokens",
    (sizes) => {
      const { heads, kvHeads, headSize, tokens, rows } = sizes;
      const random = createRandom(tokens);
      const query = testRows(random, rows, heads * headSize);
      const keys = Float32Array.from({ length: tokens * kvHeads * headSize }, () => random.normal());
      const values = Float32Array.from({ length: tokens * kvHeads * headSize }, () => 100 * random.normal());

      const found = rowsOf(runAttention(sizes, query, keys, values), heads * headSize);

      const headRows = (x: Float32Array, head: number, visible: number) =>
        rowsOf(x, headSize)
          .filter((_, i) => i % kvHeads === head)
          .slice(0, visible);
      rowsOf(query, heads * headSize).forEach((row, i) => {
        const visible = tokens - rows + 1 + i;
        const wanted = rowsOf(row, headSize).flatMap((head, h) => {
          const group = Math.floor(h / (heads / kvHeads));
          return attend(head, headRows(keys, group, visible), headRows(values, group, visible));
        });
        // Keys and queries have about 13 bits, values and weights 12 to 15.
        expect(relativeError(found[i] as number[], wanted)).toBeLessThan(1e-3);
      });
    },
  );

  it("one score far above the others takes all the weight", () => {
    const keys = Float32Array.from([0, 1e5, 0].flatMap((key) => new Array<number>(8).fill(key)));
    const values = Float32Array.from([1, 2, 3].flatMap((value) => new Array<number>(8).fill(value)));
    const sizes = { heads: 1, kvHeads: 1, headSize: 8, tokens: 3, rows: 1 };
    const found = runAttention(sizes, new Float32Array(8).fill(1), keys, values);
    expect(relativeError(found, new Array<number>(8).fill(2))).toBeLessThan(1e-6);
  });
});
