import type { Comparison, MetricResults, Results, TimelineDay } from "../api/types.ts";
import { change, count, decimal, percent, words } from "../format.ts";
import { Badge, Card } from "./basics.tsx";
import { IntervalBar } from "./interval-bar.tsx";
import { LiftPlot } from "./lift-plot.tsx";

/** One metric: each variant's mean, how much better it is and how surely, now and over time. */
export function MetricCard({
  metric,
  timeline,
  results,
}: {
  readonly metric: MetricResults;
  readonly timeline: readonly TimelineDay[];
  readonly results: Results;
}) {
  const mean = (value: number | null) => (metric.kind === "binary" ? percent(value) : decimal(value, 2));
  // What no verdict may be read from is not shown as one.
  const trusted = !results.sample_ratio.mismatch;
  return (
    <Card
      title={words(metric.key)}
      aside={
        <>
          {metric.role}, {metric.direction === "increase" ? "more is better" : "less is better"}
        </>
      }
    >
      <table class="table-list">
        <caption class="sr-only">{words(metric.key)} by variant</caption>
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" class="number">
              Mean
            </th>
            <th scope="col" class="number">
              Lift
            </th>
            <th scope="col">Interval of the lift</th>
            <th scope="col" class="number">
              Likely best
            </th>
            <th scope="col" class="number">
              Units
            </th>
          </tr>
        </thead>
        <tbody>
          {metric.variants.map((variant, i) => {
            const comparison = metric.comparisons.find((one) => one.variant === variant.variant);
            return (
              <tr key={variant.variant}>
                <th scope="row">
                  <span class={`key series-${i}`} aria-hidden="true" /> {variant.variant}{" "}
                  {trusted && comparison?.result !== undefined && comparison.result !== "undecided" && (
                    <Badge state={comparison.result} />
                  )}
                </th>
                <td data-label="Mean" class="number">
                  {mean(variant.mean)}
                </td>
                <td data-label="Lift" class="number">
                  {comparison ? change(comparison.lift) : <span class="muted">control</span>}
                </td>
                <td data-label="Interval">
                  {comparison && <LiftInterval comparison={comparison} series={i} />}
                </td>
                <td data-label="Likely best" class="number">
                  {trusted ? percent(variant.probability_best, 0) : "–"}
                </td>
                <td data-label="Units" class="number">
                  {count(variant.units)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <LiftPlot metric={metric} timeline={timeline} />
    </Card>
  );
}

function LiftInterval({
  comparison: { lift, lift_interval: interval },
  series,
}: {
  readonly comparison: Comparison;
  readonly series: number;
}) {
  if (!interval || lift === null) return <span class="muted">Not yet known</span>;
  return (
    <div class="lift">
      <IntervalBar interval={interval} value={lift} series={series} />
      <small>
        {change(interval[0])} to {change(interval[1])}
      </small>
    </div>
  );
}
