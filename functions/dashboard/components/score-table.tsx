import type { Evaluation, Scores } from "../api/types.ts";
import { decimal, percent, plural } from "../format.ts";
import { Card } from "./basics.tsx";

const METRICS: readonly { readonly name: string; show(scores: Scores): string }[] = [
  { name: "Accuracy", show: ({ accuracy }) => percent(accuracy) },
  { name: "Macro F1", show: ({ macro_f1: f1 }) => decimal(f1) },
  { name: "Exact match", show: ({ exact_match: share }) => percent(share) },
  { name: "Token accuracy", show: ({ token_accuracy: share }) => percent(share) },
  { name: "Loss", show: ({ loss }) => decimal(loss) },
];
const SPLITS = { test: "held-out", valid: "validation", train: "training" } as const;

/** Without and with the soft prompt, on the same rows. */
export function ScoreTable({ evaluation }: { readonly evaluation: Evaluation }) {
  const { base, tuned, majority_share: majority, rows, split } = evaluation;
  const known = METRICS.filter(({ show }) => show(tuned) !== "–");
  return (
    <Card title="Evaluation" aside={`on ${plural(rows, `${SPLITS[split]} row`)}`}>
      <table class="scores">
        <thead>
          <tr>
            <td />
            <th scope="col">Base model</th>
            <th scope="col">With the soft prompt</th>
          </tr>
        </thead>
        <tbody>
          {known.map(({ name, show }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{show(base)}</td>
              <td>
                <strong>{show(tuned)}</strong>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {majority !== null && (
        <p class="muted">
          Always answering with the most frequent label would be {percent(majority)} accurate.
        </p>
      )}
    </Card>
  );
}
