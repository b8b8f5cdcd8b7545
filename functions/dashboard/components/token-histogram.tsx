import { useMemo } from "preact/hooks";
import type { TokenStatistics } from "../api/types.ts";
import { count } from "../format.ts";
import { Card } from "./basics.tsx";
import { Plot, type PlotOptions } from "./plot.tsx";

type Bins = NonNullable<TokenStatistics["histogram"]>;

/** How long a dataset's rows are. */
export function TokenHistogram({
  tokens,
  histogram,
}: {
  readonly tokens: TokenStatistics;
  readonly histogram: Bins;
}) {
  const data = useMemo(
    (): [number[], number[]] => [
      histogram.map(({ from, to }) => (from + to) / 2),
      histogram.map(({ rows }) => rows),
    ],
    [histogram],
  );
  const first = histogram[0]?.from ?? 0;
  const last = histogram.at(-1)?.to ?? 1;
  return (
    <Card
      title="Tokens per row"
      aside={`${count(tokens.min)} to ${count(tokens.max)}, mean ${count(tokens.mean)}`}
    >
      <Plot
        data={data}
        height={220}
        shape={`${first} ${last} ${histogram.length}`}
        summary={`Histogram of tokens per row: from ${tokens.min} to ${tokens.max}, half of the rows have at most ${tokens.p50}, 95 percent at most ${tokens.p95}`}
        options={({ series }, { paths }): PlotOptions => {
          const bars = paths.bars?.({ size: [0.92, 100], radius: 0.15 });
          return {
            scales: {
              x: { time: false, range: [first - 0.5, last + 0.5] },
              y: { range: (_, _min, max) => [0, max * 1.08] },
            },
            legend: { show: false },
            cursor: { show: false },
            axes: [{}, { size: 48 }],
            series: [
              {},
              {
                label: "Rows",
                fill: series[0] ?? "",
                width: 0,
                points: { show: false },
                ...(bars ? { paths: bars } : {}),
              },
            ],
          };
        }}
      />
      {tokens.sampled_rows > 1000 && <p class="muted">Of a sample of {count(tokens.sampled_rows)} rows</p>}
    </Card>
  );
}
