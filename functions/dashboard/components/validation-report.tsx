import type { Dataset } from "../api/types.ts";
import { bytes, count, labelText, percent, plural } from "../format.ts";
import { Bars } from "./bars.tsx";
import { Card, Stat, Stats } from "./basics.tsx";
import { TokenHistogram } from "./token-histogram.tsx";

const FORMATS = {
  messages: "Conversations",
  completion: "Completions",
  label: "Labelled texts",
} as const;

/** What validation found in a dataset: how much, of what kind, and what is wrong, line by line. */
export function ValidationReport({ dataset }: { readonly dataset: Dataset }) {
  const { rows, format, tokens, labels, errors, error_count: errorCount } = dataset;
  return (
    <div class="stack">
      {dataset.status === "refused" ? (
        <p class="note bad">
          <strong>Refused: {plural(errorCount, "bad row")}.</strong> Nothing was tuned. Correct the lines
          below and upload the file again; a dataset is taken as a whole or not at all.
        </p>
      ) : (
        <p class="note good">
          <strong>Accepted.</strong> All {plural(rows, "row")} can be tuned on.
        </p>
      )}
      <Stats>
        <Stat name="Rows" value={count(rows)} />
        <Stat name="Format" value={<span class="small">{format ? FORMATS[format] : "Unknown"}</span>} />
        <Stat name="Size" value={bytes(dataset.bytes)} />
        <Stat
          name="Tokens a row"
          value={tokens ? count(tokens.p50) : "–"}
          note={tokens ? `95 % below ${tokens.p95}` : ""}
        />
      </Stats>
      {errors.length > 0 && <Errors dataset={dataset} />}
      <div class="columns">
        {labels && <Labels labels={labels} rows={rows} />}
        {tokens?.histogram && <TokenHistogram tokens={tokens} histogram={tokens.histogram} />}
      </div>
    </div>
  );
}

function Errors({ dataset: { errors, error_count: errorCount } }: { readonly dataset: Dataset }) {
  const more = errorCount - errors.length;
  return (
    <Card
      title="Bad rows"
      aside={more > 0 ? `first ${errors.length} of ${count(errorCount)}` : plural(errorCount, "row")}
    >
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Bad rows">
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">
                Line
              </th>
              <th scope="col">Problem</th>
              <th scope="col">What was found</th>
            </tr>
          </thead>
          <tbody>
            {errors.map(({ line, code, message }) => (
              <tr key={`${line} ${code}`}>
                <td class="number">{line}</td>
                <td>
                  <code>{code}</code>
                </td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Labels({
  labels,
  rows,
}: {
  readonly labels: Readonly<Record<string, number>>;
  readonly rows: number;
}) {
  const sorted = Object.entries(labels).toSorted(([, a], [, b]) => b - a);
  const most = sorted[0]?.[1] ?? 1;
  const bars = sorted.map(([label, number]) => ({
    name: labelText(label),
    share: number / most,
    value: `${count(number)} (${percent(number / rows)})`,
  }));
  return (
    <Card title="Labels" aside={`${bars.length} different`}>
      <Bars bars={bars} />
    </Card>
  );
}
