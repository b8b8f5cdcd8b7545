import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import type { AlignedData } from "uplot";
import type { Comparison, MetricResults, TimelineDay } from "../api/types.ts";
import { change, words } from "../format.ts";
import { Plot, type PlotOptions } from "./plot.tsx";
import { tint } from "./speed-plot.tsx";
import { dayAxis, daySeries, inUtc, secondsOfDay } from "./days.ts";

/** Times the last intervals' reach. */
const SHOWN_REACH = 2;

/** How the lift of each treatment came to be what it is, with its interval. */
export function LiftPlot({
  metric,
  timeline,
}: {
  readonly metric: MetricResults;
  readonly timeline: readonly TimelineDay[];
}) {
  const treatments = metric.comparisons.map(({ variant }) => variant);
  const data = useMemo(() => columns(metric.key, treatments, timeline), [timeline]);
  if (timeline.length < 2 || !data.slice(1).some((column) => column.some((value) => value !== null))) {
    return <p class="muted">The lift over time is drawn here once two days have outcomes.</p>;
  }
  const last = metric.comparisons.map(({ variant, lift }) => `${variant} ${change(lift)}`).join(", ");
  return (
    <Plot
      data={data}
      height={220}
      shape={`lift ${treatments.join()}`}
      summary={`Lift of ${words(metric.key)} over ${timeline.length} days; at last ${last}`}
      options={(colours, library): PlotOptions => ({
        ...inUtc(library),
        scales: { y: { range: (_, low, high) => rangeAround(metric, low, high) } },
        hooks: { drawAxes: [(plot) => drawZero(plot, colours.text)] },
        axes: [
          dayAxis,
          {
            label: "Lift",
            labelSize: 22,
            size: 64,
            values: (_, ticks) => ticks.map((tick) => change(tick, 0)),
          },
        ],
        // Of each treatment: the lift, then the two ends of its interval, which the band fills.
        bands: treatments.map((_, i) => ({
          series: [3 * i + 3, 3 * i + 2] as [number, number],
          fill: tint(colour(colours.series, i)),
        })),
        series: [
          daySeries("Until"),
          ...treatments.flatMap((variant, i) => {
            const stroke = colour(colours.series, i);
            const value = (_: uPlot, lift: number | null) => change(lift);
            const end = { stroke, width: 1, dash: [3, 3], points: { show: false }, value };
            return [
              { label: variant, stroke, width: 2, points: { show: true, size: 6 }, value },
              { ...end, label: "from" },
              { ...end, label: "to" },
            ];
          }),
        ],
      })}
    />
  );
}

/** Intervals are wide at first: what is far outside of the last ones is cut off, or they could not be seen. */
function rangeAround({ comparisons }: MetricResults, low: number, high: number): [number, number] {
  const ends = comparisons.flatMap(({ lift_interval: interval }) => interval ?? []);
  const reach = Math.max(...ends.map(Math.abs)) * SHOWN_REACH;
  return ends.length === 0
    ? [low, high]
    : [Math.max(low, -reach) - reach / 20, Math.min(high, reach) + reach / 20];
}

/** The control has the first colour. */
const colour = (series: readonly string[], treatment: number) =>
  series[(treatment + 1) % series.length] ?? "";

function columns(
  metric: string,
  treatments: readonly string[],
  timeline: readonly TimelineDay[],
): AlignedData {
  const each = (variant: string, read: (comparison: Comparison) => number | null | undefined) =>
    timeline.map(({ metrics }) => {
      const comparisons = metrics.find(({ key }) => key === metric)?.comparisons;
      const comparison = comparisons?.find((one) => one.variant === variant);
      return (comparison && read(comparison)) ?? null;
    });
  return [
    timeline.map(({ day }) => secondsOfDay(day)),
    ...treatments.flatMap((variant) => [
      each(variant, ({ lift }) => lift),
      each(variant, ({ lift_interval: interval }) => interval?.[0]),
      each(variant, ({ lift_interval: interval }) => interval?.[1]),
    ]),
  ];
}

function drawZero(plot: uPlot, stroke: string): void {
  const { left, width } = plot.bbox;
  const y = plot.valToPos(0, "y", true);
  plot.ctx.save();
  plot.ctx.strokeStyle = stroke;
  plot.ctx.globalAlpha = 0.5;
  plot.ctx.beginPath();
  plot.ctx.moveTo(left, y);
  plot.ctx.lineTo(left + width, y);
  plot.ctx.stroke();
  plot.ctx.restore();
}
