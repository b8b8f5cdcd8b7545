/** What the kernels should compute, in float64, written as their definitions read. */

/** `[rows, width]` as one array for each row. */
export function rowsOf(x: ArrayLike<number>, width: number): number[][] {
  const all = Array.from(x);
  return Array.from({ length: all.length / width }, (_, row) => all.slice(row * width, (row + 1) * width));
}

/** `x W^T` for W `[outputs, inputs]`. */
export function product(x: number[], weights: number[][]): number[] {
  return weights.map((row) => row.reduce((sum, weight, i) => sum + weight * (x[i] as number), 0));
}

export function rmsNorm(x: number[], gain: ArrayLike<number>, epsilon: number): number[] {
  const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(mean + epsilon)) * (gain[i] as number));
}

/** Rotate-half rotary embedding of one head. */
export function rotate(x: number[], position: number, theta: number): number[] {
  const half = x.length / 2;
  return x.map((value, i) => {
    const angle = position * theta ** (-(i % half) / half);
    const partner = i < half ? -(x[i + half] as number) : (x[i - half] as number);
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

export function swiglu(gate: number[], up: number[]): number[] {
  return gate.map((value, i) => (value / (1 + Math.exp(-value))) * (up[i] as number));
}

/** Attention of one query head over keys and values, each one array for each position. */
export function attend(query: number[], keys: number[][], values: number[][]): number[] {
  const scores = product(query, keys).map((score) => score / Math.sqrt(query.length));
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return query.map(
    (_, i) => weights.reduce((total, weight, j) => total + weight * (values[j]?.[i] as number), 0) / sum,
  );
}
