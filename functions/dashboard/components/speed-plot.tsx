import { useMemo } from "preact/hooks";
import type { AlignedData } from "uplot";
import type { Step } from "../api/steps.ts";
import { count } from "../format.ts";
import { Plot, type PlotOptions } from "./plot.tsx";

/** Tokens per second over steps: a trainer that slows down shows here first. */
export function SpeedPlot({ steps }: { readonly steps: readonly Step[] }) {
  const data = useMemo(
    (): AlignedData => [steps.map(({ step }) => step), steps.map((step) => step.tokens_per_second)],
    [steps],
  );
  return (
    <Plot
      data={data}
      height={160}
      shape="speed"
      summary={`Tokens per second over steps; at last ${count(steps.at(-1)?.tokens_per_second ?? 0)}`}
      options={({ series }): PlotOptions => ({
        scales: { x: { time: false }, y: { range: (_, _min, max) => [0, max * 1.15] } },
        legend: { show: false },
        axes: [{}, { size: 56 }],
        series: [
          { label: "Step" },
          {
            label: "Tokens/s",
            stroke: series[2] ?? "",
            fill: tint(series[2]),
            width: 2,
            spanGaps: true,
            points: { show: false },
          },
        ],
      })}
    />
  );
}

/** A colour as a ground for its own line. */
export function tint(colour = ""): string {
  return `color-mix(in srgb, ${colour} 14%, transparent)`;
}
