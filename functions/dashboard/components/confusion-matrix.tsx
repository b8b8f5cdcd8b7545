import type { Scores } from "../api/types.ts";
import { count, labelText, percent } from "../format.ts";
import { Card } from "./basics.tsx";

/** Which label was taken for which. */
export function ConfusionMatrix({
  labels,
  scores,
}: {
  readonly labels: readonly string[];
  readonly scores: Scores;
}) {
  const { confusion } = scores;
  if (!confusion) return null;
  return (
    <Card title="Confusion matrix" aside="rows by right and predicted label">
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
        <table class="confusion">
          <thead>
            <tr>
              <th scope="col">
                <span class="muted">Right ↓ predicted →</span>
              </th>
              {labels.map((label) => (
                <th key={label} scope="col">
                  {labelText(label)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.map((row, right) => {
              const total = row.reduce((sum, rows) => sum + rows, 0);
              return (
                <tr key={labels[right]}>
                  <th scope="row">{labelText(labels[right] ?? "")}</th>
                  {row.map((rows, predicted) => (
                    <td
                      key={labels[predicted]}
                      class={right === predicted ? "right" : "wrong"}
                      style={{ "--share": total === 0 ? 0 : rows / total }}
                    >
                      {count(rows)}
                      <small>{total === 0 ? "" : percent(rows / total, 0)}</small>
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
