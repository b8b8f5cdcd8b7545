import type { TokenStatistics } from "../contracts/dataset.ts";

/** Enough for percentiles that are right to a few percent, and a second of tokenising at most. */
const SAMPLE = 1024;
/** As many as a small chart can show apart. */
const MAX_BINS = 20;

/** A sample spread evenly over a stream of unknown length: when it is full, every other value goes and the stride doubles. */
export class EvenSample {
  #values: number[] = [];
  #stride = 1;
  #seen = 0;

  /** Whether the stream's next item belongs to the sample; call it once an item. */
  wants(): boolean {
    return this.#seen++ % this.#stride === 0;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length <= SAMPLE) return;
    this.#values = this.#values.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  values(): readonly number[] {
    return this.#values;
  }
}

/** Mean, percentiles and histogram of rows' token counts; null of none. */
export function tokenStatistics(counts: readonly number[]): TokenStatistics | null {
  if (counts.length === 0) return null;
  const sorted = counts.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * (sorted.length - 1))] as number;
  return {
    sampled_rows: sorted.length,
    mean: sorted.reduce((sum, count) => sum + count, 0) / sorted.length,
    min: at(0),
    p50: at(0.5),
    p95: at(0.95),
    max: at(1),
    histogram: histogramOf(sorted),
  };
}

function histogramOf(sorted: readonly number[]): NonNullable<TokenStatistics["histogram"]> {
  const first = sorted[0] as number;
  const span = (sorted.at(-1) as number) - first + 1;
  const width = Math.ceil(span / MAX_BINS);
  const rows = new Array<number>(Math.ceil(span / width)).fill(0);
  for (const count of sorted) (rows[Math.floor((count - first) / width)] as number)++;
  return rows.map((count, bin) => ({
    from: first + bin * width,
    to: first + (bin + 1) * width - 1,
    rows: count,
  }));
}
