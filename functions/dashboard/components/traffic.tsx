import { useMemo } from "preact/hooks";
import type { AlignedData } from "uplot";
import type { Experiment, Results } from "../api/types.ts";
import { count, percent, shortModel } from "../format.ts";
import { Badge, Card } from "./basics.tsx";
import { dayAxis, daySeries, inUtc, secondsOfDay } from "./days.ts";
import { Plot, type PlotOptions } from "./plot.tsx";

/** How units are shared out: as meant, as found, and day by day. */
export function Traffic({
  experiment,
  results,
}: {
  readonly experiment: Experiment;
  readonly results: Results;
}) {
  const total = results.variants.reduce((sum, { units }) => sum + units, 0);
  const days = new Set(results.days.map(({ day }) => day));
  return (
    <Card title="Traffic by variant" aside={`${count(total)} ${experiment.unit}s`}>
      <div class="traffic-bar" aria-hidden="true">
        {results.variants.map(({ key, units }, i) => (
          <span
            key={key}
            class={`series-${i}`}
            style={{ flexGrow: total === 0 ? experiment.variants[i]?.weight : units }}
          />
        ))}
      </div>
      <table class="table-list">
        <caption class="sr-only">Traffic by variant</caption>
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              Meant
            </th>
            <th scope="col" class="number">
              Found
            </th>
            <th scope="col" class="number">
              Units
            </th>
          </tr>
        </thead>
        <tbody>
          {results.variants.map(({ key, model, units }, i) => (
            <tr key={key}>
              <th scope="row">
                <span class={`key series-${i}`} aria-hidden="true" /> {key}{" "}
                {experiment.serving === key && experiment.status !== "running" && (
                  <Badge state="promoted">serving</Badge>
                )}
              </th>
              <td data-label="Model">
                <ModelLink model={model} />
              </td>
              <td data-label="Meant" class="number">
                {percent(experiment.variants[i]?.weight)}
              </td>
              <td data-label="Found" class="number">
                {total === 0 ? "–" : percent(units / total)}
              </td>
              <td data-label="Units" class="number">
                {count(units)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {days.size > 1 && <DailyTraffic results={results} />}
    </Card>
  );
}

function ModelLink({ model }: { readonly model: string }) {
  const prompt = /:(sp_[^:]+)$/.exec(model)?.[1];
  return prompt === undefined ? <>{model}</> : <a href={`/prompts/${prompt}`}>{shortModel(model)}</a>;
}

function DailyTraffic({ results: { days, variants } }: { readonly results: Results }) {
  const data = useMemo((): AlignedData => {
    const axis = [...new Set(days.map(({ day }) => day))].toSorted();
    const units = new Map(
      days.filter(({ metric }) => metric === "").map((one) => [`${one.day} ${one.variant}`, one.units]),
    );
    const columns = variants.map(({ key }) => axis.map((day) => units.get(`${day} ${key}`) ?? 0));
    return [axis.map(secondsOfDay), ...columns];
  }, [days, variants]);
  return (
    <Plot
      data={data}
      height={200}
      shape={`traffic ${variants.map(({ key }) => key).join()}`}
      summary={`New units a day by variant, over ${data[0].length} days`}
      options={({ series }, library): PlotOptions => ({
        ...inUtc(library),
        scales: { y: { range: (_, _min, max) => [0, max * 1.1] } },
        axes: [dayAxis, { label: "New units a day", labelSize: 22, size: 56 }],
        series: [
          daySeries("Day"),
          ...variants.map(({ key }, i) => ({
            label: key,
            stroke: series[i % series.length] ?? "",
            width: 2,
          })),
        ],
      })}
    />
  );
}
