import { useMemo } from "preact/hooks";
import type { AlignedData } from "uplot";
import type { Step } from "../api/steps.ts";
import { decimal } from "../format.ts";
import { Plot, type PlotOptions } from "./plot.tsx";

/** A run's curves, under the name that its legend shows. */
export interface Run {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** Loss over steps: of one run on training and validation rows, of several runs on training rows. */
export function LossPlot({ runs }: { readonly runs: readonly Run[] }) {
  const curves = useMemo(
    () =>
      runs.flatMap(({ name, steps }, run) => [
        { name: runs.length > 1 ? name : "Training", run, steps, field: "train_loss" as const },
        {
          name: runs.length > 1 ? `${name}, validation` : "Validation",
          run,
          steps,
          field: "valid_loss" as const,
        },
      ]),
    [runs],
  );
  const shown = curves.filter(({ steps, field }) => steps.some((step) => step[field] !== null));
  const data = useMemo(() => align(shown), [curves]);
  const last = shown.map(({ name, steps, field }) => {
    const value = steps.findLast((step) => step[field] !== null)?.[field];
    return `${name} ${decimal(value)}`;
  });
  return (
    <Plot
      data={data}
      height={300}
      shape={shown.map(({ name }) => name).join()}
      summary={`Loss over ${data[0].at(-1) ?? 0} steps; at last: ${last.join(", ")}`}
      options={({ series }): PlotOptions => ({
        scales: { x: { time: false } },
        cursor: { points: { size: 8 }, drag: { x: true, y: false } },
        axes: [{}, { label: "Loss (nats per token)", labelSize: 22, size: 56 }],
        series: [
          { label: "Step" },
          ...shown.map(({ name, run, field }, i) => ({
            label: name,
            stroke: series[(runs.length > 1 ? run : i) % series.length] ?? "",
            width: 2,
            spanGaps: true,
            points: { show: field === "valid_loss", size: 6 },
            dash: field === "valid_loss" ? [6, 4] : [],
            value: (_: unknown, value: number | null) => decimal(value),
          })),
        ],
      })}
    />
  );
}

/** All curves over one axis of steps. */
function align(
  curves: readonly { steps: readonly Step[]; field: "train_loss" | "valid_loss" }[],
): AlignedData {
  const axis = [...new Set(curves.flatMap(({ steps }) => steps.map(({ step }) => step)))].toSorted(
    (a, b) => a - b,
  );
  const columns = curves.map(({ steps, field }) => {
    const values = new Map(steps.map((step) => [step.step, step[field]]));
    return axis.map((step) => values.get(step) ?? null);
  });
  return [axis, ...columns];
}
