import { describe, expect, it } from "vitest";
import { variants } from "../../scripts/build-kernel.ts";
import { createRandom } from "../../shared/random.ts";
import { GROUP, paddedWidth } from "../../shared/formats/packed-weights.ts";
import { groupScaleOf } from "../../trainer/model/group-scale.ts";
import { dequantise } from "../../trainer/model/quantisation.ts";
import { product, rmsNorm, rotate, rowsOf, swiglu } from "./reference.ts";
import {
  createBench,
  kernelModules,
  packAlone,
  randomMatrix,
  relativeError,
  runEmbedding,
  testRows,
  type Matrix,
} from "./support.ts";

/** Rows as the kernels want them: each `padded` wide, zeros behind. */
function padRows(values: Float32Array, width: number, padded: number): Float32Array {
  return Float32Array.from(
    rowsOf(values, width).flatMap((row) => [...row, ...Array.from({ length: padded - width }, () => 0)]),
  );
}

/** Half a level at every input, and float32's own rounding. */
function roundingBound(row: number[], weights: number[]): number {
  const levels = Math.min(32_767, Math.floor(2 ** 31 / (128 * paddedWidth(row.length))));
  const step = Math.max(...row.map(Math.abs)) / levels;
  const sum = (values: number[]) => values.reduce((total, value) => total + Math.abs(value), 0);
  return (
    0.51 * step * sum(weights) + 1e-6 * sum(weights.map((weight, i) => weight * (row[i] as number))) + 1e-6
  );
}

describe.each(variants)("the %s kernel", (variant) => {
  const module = kernelModules[variant];

  function runMatrix(
    x: Float32Array,
    matrix: Matrix,
    { bias, onto }: { bias?: Float32Array; onto?: number },
  ) {
    const bench = createBench(module);
    const [outputs, inputs] = matrix.shape;
    const rows = x.length / inputs;
    const [width, height] = [paddedWidth(inputs), paddedWidth(outputs)];
    const { file, matrix: packed } = packAlone(matrix);
    const base = bench.put(file);
    const levels = bench.room((rows * width) / 2);
    const scales = bench.room(rows);
    bench.kernel.quantiseRows(bench.put(padRows(x, inputs, width)), rows, width, levels, scales);
    const biasAt = bias ? bench.put(padRows(bias, outputs, height)) : 0;
    const y = bench.put(new Float32Array(rows * height).fill(onto ?? 7));
    const at = base + packed.weights;
    const add = onto !== undefined;
    if (packed.scales === undefined) {
      bench.kernel.matrix4(levels, scales, rows, width, at, biasAt, height, y, height * 4, add);
    } else {
      const scalesAt = base + packed.scales;
      bench.kernel.matrix8(levels, scales, rows, width, at, scalesAt, biasAt, height, y, height * 4, add);
    }
    return rowsOf(bench.read(y, rows * height), height).map((row) => row.slice(0, outputs));
  }

  describe.each(["int8", "int4"] as const)("matrix, %s", (format) => {
    const shapes = [
      [1, 16, 4],
      [1, 24, 50],
      [2, 33, 7],
      [3, 48, 17],
      [5, 100, 31],
      [4, 1408, 12],
      [9, 70, 37],
      [1, 5000, 9],
    ] as const;
    it.each(shapes)("%i rows, %i inputs, %i outputs", (rows, inputs, outputs) => {
      const random = createRandom(rows * 1000 + inputs + outputs);
      const matrix = randomMatrix(random, outputs, inputs, format);
      const bias = testRows(random, 1, outputs);
      const x = testRows(random, rows, inputs);
      const weights = rowsOf(dequantise(matrix), inputs);
      const found = runMatrix(x, matrix, { bias });
      rowsOf(x, inputs).forEach((row, i) => {
        const wanted = product(row, weights).map((value, j) => value + (bias[j] as number));
        found[i]?.forEach((value, j) => {
          const bound = roundingBound(row, weights[j] as number[]);
          expect(Math.abs(value - (wanted[j] as number))).toBeLessThan(bound);
        });
      });
    });

    it("adds to what is there", () => {
      const random = createRandom(5);
      const matrix = randomMatrix(random, 12, 32, format);
      const x = testRows(random, 6, 32);
      const found = runMatrix(x, matrix, { onto: 3 });
      rowsOf(x, 32).forEach((row, i) => {
        const wanted = product(row, rowsOf(dequantise(matrix), 32)).map((value) => value + 3);
        expect(relativeError(found[i] as number[], wanted)).toBeLessThan(1e-4);
      });
    });

    it("gives a row the same whatever is computed beside it", () => {
      const random = createRandom(6);
      const matrix = randomMatrix(random, 12, 64, format);
      const x = testRows(random, 7, 64);
      const together = runMatrix(x, matrix, {});
      const alone = rowsOf(x, 64).flatMap((row) => runMatrix(Float32Array.from(row), matrix, {}));
      expect(together).toEqual(alone);
    });

    it.each([512, 2048, 4096, 16384])("cannot overflow: %i inputs, all as large as they come", (inputs) => {
      const lowest = format === "int8" ? -128 : -8;
      const values = new Int8Array(4 * inputs).fill(lowest);
      const shape = [4, inputs] as const;
      const matrix =
        format === "int8"
          ? { shape, values, scales: Float32Array.of(1) }
          : { shape, values, groupScales: new Float32Array((4 * inputs) / GROUP).fill(groupScaleOf(0x3f80)) };
      const x = new Float32Array(5 * inputs).fill(3e4);
      const one = format === "int8" ? 1 : groupScaleOf(0x3f80);
      for (const row of runMatrix(x, matrix, {})) {
        for (const value of row) expect(value / (one * lowest * 3e4 * inputs)).toBeCloseTo(1, 4);
      }
    });
  });

  describe.each(["int8", "int4"] as const)("embedding, %s", (format) => {
    it.each([
      [5, 24],
      [50, 64],
      [9, 17],
    ])("rows of a [%i, %i] matrix", (rows, width) => {
      const matrix = randomMatrix(createRandom(rows), rows, width, format);
      const bench = createBench(module);
      const { file, matrix: packed } = packAlone(matrix);
      const base = bench.put(file);
      const y = bench.room(paddedWidth(width));
      rowsOf(dequantise(matrix), width).forEach((row, i) => {
        runEmbedding(bench, base, packed, i, y);
        const found = bench.read(y, paddedWidth(width));
        expect(found.slice(0, width)).toEqual(Float32Array.from(row));
        expect(found.slice(width).every((value) => value === 0)).toBe(true);
      });
    });
  });

  describe("rmsNorm", () => {
    it.each([
      [1, 24],
      [4, 64],
      [5, 33],
    ])("%i rows of %i", (rows, width) => {
      const random = createRandom(width);
      const bench = createBench(module);
      const padded = paddedWidth(width);
      const x = testRows(random, rows, width);
      const gain = testRows(random, 1, width);
      const at = bench.put(padRows(x, width, padded));
      bench.kernel.rmsNorm(
        at,
        rows,
        width,
        padded,
        padded * 4,
        bench.put(padRows(gain, width, padded)),
        1e-5,
        at,
      );
      const found = rowsOf(bench.read(at, rows * padded), padded);
      rowsOf(x, width).forEach((row, i) => {
        const result = found[i] as number[];
        expect(relativeError(result.slice(0, width), rmsNorm(row, gain, 1e-5))).toBeLessThan(2e-6);
        expect(result.slice(width).every((value) => value === 0)).toBe(true);
      });
    });
  });

  describe("rotary", () => {
    it.each([
      [1, 1, 8],
      [3, 2, 48],
      [2, 3, 64],
    ])("%i rows of %i heads of %i", (rows, heads, headSize) => {
      const random = createRandom(headSize);
      const bench = createBench(module);
      const x = testRows(random, rows, heads * headSize);
      const half = headSize / 2;
      const table = (of: (angle: number) => number) =>
        Float32Array.from({ length: rows * half }, (_, i) =>
          of((Math.floor(i / half) + 11) * 10_000 ** (-(i % half) / half)),
        );
      const at = bench.put(x);
      const [cos, sin] = [bench.put(table(Math.cos)), bench.put(table(Math.sin))];
      bench.kernel.rotary(at, rows, heads * headSize * 4, heads, headSize, cos, sin);
      const wanted = rowsOf(x, headSize).flatMap((head, i) =>
        rotate(head, Math.floor(i / heads) + 11, 10_000),
      );
      expect(relativeError(bench.read(at, x.length), wanted)).toBeLessThan(1e-6);
    });
  });

  describe("swiglu", () => {
    it.each([
      [1, 16],
      [4, 48],
    ])("%i rows of %i", (rows, width) => {
      const bench = createBench(module);
      const x = testRows(createRandom(width), rows, 2 * width);
      const y = bench.room(rows * width);
      bench.kernel.swiglu(bench.put(x), rows, width, y);
      const found = rowsOf(bench.read(y, rows * width), width);
      rowsOf(x, 2 * width).forEach((row, i) => {
        const wanted = swiglu(row.slice(0, width), row.slice(width));
        expect(relativeError(found[i] as number[], wanted)).toBeLessThan(1e-6);
      });
    });

    it("follows the sigmoid to both its ends", () => {
      const bench = createBench(module);
      const gate = Float32Array.from({ length: 64 }, (_, i) => (i - 32) * 4);
      const y = bench.room(64);
      bench.kernel.swiglu(
        bench.put(Float32Array.from([...gate, ...new Array<number>(64).fill(1)])),
        1,
        64,
        y,
      );
      const wanted = swiglu([...gate], new Array<number>(64).fill(1));
      bench.read(y, 64).forEach((value, i) => {
        expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(
          1e-6 * Math.max(1, Math.abs(gate[i] as number)),
        );
      });
    });
  });
});
