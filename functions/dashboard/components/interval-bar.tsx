import type { Interval } from "../api/types.ts";

/** An interval of a relative change, drawn around 0 in the middle; what is further out than the scale is cut off. */
export function IntervalBar({
  interval: [low, high],
  value,
  series,
}: {
  readonly interval: Interval;
  readonly value: number;
  readonly series: number;
}) {
  const reach = scaleOf(Math.max(Math.abs(low), Math.abs(high)));
  const at = (change: number) => 50 + 50 * Math.min(1, Math.max(-1, change / reach));
  return (
    <svg
      class={`interval series-${series}`}
      viewBox="0 0 100 16"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <line class="zero" x1="50" x2="50" y1="0" y2="16" />
      <line class="range" x1={at(low)} x2={at(high)} y1="8" y2="8" />
      <line class="value" x1={at(value)} x2={at(value)} y1="3" y2="13" />
    </svg>
  );
}

/** The next of 5, 10, 20, 50, 100 ... percent, so that the picture does not breathe with every unit. */
function scaleOf(largest: number): number {
  let step = 0.05;
  for (const factors = [2, 2, 2.5]; step < largest && step < 10;) {
    const factor = factors.shift() as number;
    factors.push(factor);
    step *= factor;
  }
  return step;
}
