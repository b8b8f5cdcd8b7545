import { expect, test } from "vitest";
import { adafactor } from "../../trainer/tuning/adafactor.ts";
import { muon, orthogonalised } from "../../trainer/tuning/muon.ts";
import { adamW, clipByNorm, warmUpCosine, type Optimiser } from "../../trainer/tuning/optimiser.ts";

const vector = (...values: number[]) => Float32Array.from(values);

test("AdamW's first steps are the closed form", () => {
  const optimiser = adamW({ weightDecay: 0.1 });
  const start = vector(1, -2);
  // Bias correction makes the first step the gradient's sign.
  const first = optimiser.update(start, vector(0.5, -4), optimiser.init(start), 0.01);
  expect(first.parameters[0]).toBeCloseTo(1 - 0.01 * (1 + 0.1 * 1), 6);
  expect(first.parameters[1]).toBeCloseTo(-2 - 0.01 * (-1 + 0.1 * -2), 6);
  const second = optimiser.update(first.parameters, vector(1, 0), first.state, 0.01);
  const mean = (0.9 * 0.1 * 0.5 + 0.1 * 1) / (1 - 0.9 ** 2);
  const square = (0.999 * 0.001 * 0.25 + 0.001 * 1) / (1 - 0.999 ** 2);
  const p = first.parameters[0] as number;
  expect(second.parameters[0]).toBeCloseTo(p - 0.01 * (mean / Math.sqrt(square) + 0.1 * p), 6);
});

test("AdamW decays towards its anchor", () => {
  const anchor = vector(3);
  const optimiser = adamW({ weightDecay: 1, anchor });
  const { parameters } = optimiser.update(vector(5), vector(0), optimiser.init(anchor), 0.5);
  expect(parameters[0]).toBeCloseTo(4, 6);
});

test("Adafactor's first step divides by row and column means, and is clipped", () => {
  const optimiser = adafactor(2);
  const gradient = vector(1, 2, 3, 4);
  const start = vector(0, 0, 0, 0);
  const { parameters, state } = optimiser.update(start, gradient, optimiser.init(start), 0.1);
  const rows = [2.5, 12.5];
  const columns = [5, 10];
  const direction = [1, 2, 3, 4].map(
    (g, i) => g / Math.sqrt(((rows[i >> 1] as number) * (columns[i % 2] as number)) / 7.5),
  );
  const norm = Math.sqrt(direction.reduce((sum, u) => sum + u * u, 0) / 4);
  for (const [i, u] of direction.entries()) {
    expect(parameters[i]).toBeCloseTo((-0.1 * u) / Math.max(1, norm), 6);
  }
  expect([...(state.tensors["rows"] as Float32Array)]).toEqual(rows);
});

test("Muon keeps a matrix's singular vectors, and takes its singular values to about one", () => {
  // U diag(3, 0.4) V^T, with rotations for U and for the first two columns of V.
  const [u, v] = [0.7, -1.1].map((angle) => [
    [Math.cos(angle), -Math.sin(angle)],
    [Math.sin(angle), Math.cos(angle)],
  ]) as [number[][], number[][]];
  const compose = (values: number[]) =>
    [0, 1].flatMap((i) =>
      [0, 1, 2].map((j) =>
        values.reduce((sum, s, k) => sum + (u[i]?.[k] ?? 0) * s * (j < 2 ? (v[j]?.[k] ?? 0) : 0), 0),
      ),
    );
  const values = [3, 0.4];
  const found = orthogonalised(Float32Array.from(compose(values)), { rows: 2, columns: 3 });
  const taken = values.map((value) => {
    let s = value / Math.hypot(...values);
    for (let round = 0; round < 5; round++) s = 3.4445 * s - 4.775 * s ** 3 + 2.0315 * s ** 5;
    return s;
  });
  for (const s of taken) expect(Math.abs(s - 1)).toBeLessThan(0.35);
  for (const [i, wanted] of compose(taken).entries()) expect(found[i]).toBeCloseTo(wanted, 5);
  const transposed = Float32Array.from({ length: 6 }, (_, i) => compose(values)[(i % 2) * 3 + (i >> 1)] ?? 0);
  const tall = orthogonalised(transposed, { rows: 3, columns: 2 });
  for (const [i, x] of found.entries()) expect(tall[(i % 3) * 2 + Math.floor(i / 3)]).toBeCloseTo(x, 6);
});

test("Muon takes each matrix by itself, leaves rows without a gradient alone, and decays towards its anchor", () => {
  const anchor = vector(1, 1, 1, 1, 1, 1, 1, 1);
  const start = vector(1, 1, 2, 1, 1, 1, 1, 1);
  const optimiser = muon({ rows: 2, columns: 2 }, { weightDecay: 0.5, anchor });
  const gradient = vector(0, 0, 0, 0, 0, 0, 5, 0);
  const { parameters } = optimiser.update(start, gradient, optimiser.init(start), 0.1);
  const along = orthogonalised(vector(0, 0, 1, 0), { rows: 2, columns: 2 })[2] ?? 0;
  const wanted = [1, 1, 2 - 0.1 * 0.5, 1, 1, 1, 1 - 0.1 * 0.2 * Math.SQRT2 * along, 1];
  for (const [i, p] of wanted.entries()) expect(parameters[i]).toBeCloseTo(p, 6);
});

test.each<[string, Optimiser, number]>([
  ["AdamW", adamW(), 0.1],
  ["Adafactor", adafactor(4), 0.1],
  ["Muon", muon({ rows: 2, columns: 4 }), 0.1],
])("%s finds the minimum of a parabola", (_, optimiser, learningRate) => {
  const target = vector(1, -2, 0.5, 3, -1, 0, 2, 4);
  let parameters: Float32Array = new Float32Array(8);
  let state = optimiser.init(parameters);
  for (let step = 0; step < 400; step++) {
    const gradient = parameters.map((p, i) => p - (target[i] as number));
    const rate = learningRate * warmUpCosine(step, 400);
    ({ parameters, state } = optimiser.update(parameters, gradient, state, rate));
  }
  for (const [i, wanted] of target.entries()) expect(parameters[i]).toBeCloseTo(wanted, 1);
});

test("gradients are clipped by their norm, directions kept", () => {
  expect([...clipByNorm(vector(3, 4), 1).gradient].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([0.6, 0.8]);
  const short = vector(0.1, 0.1);
  expect(clipByNorm(short, 1).gradient).toBe(short);
});

test("the schedule rises, peaks at one and falls to half", () => {
  expect(warmUpCosine(0, 100)).toBeCloseTo(1 / 6);
  expect(warmUpCosine(5, 100)).toBe(1);
  expect(warmUpCosine(53, 100)).toBeCloseTo(0.75, 6);
  expect(warmUpCosine(99, 100)).toBeCloseTo(0.5, 3);
});
