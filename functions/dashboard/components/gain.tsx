import type { Evaluation } from "../api/types.ts";
import { decimal, percent } from "../format.ts";

/** What tuning brought, in a line: accuracy where the task has labels, loss otherwise. */
export function Gain({ evaluation }: { readonly evaluation: Evaluation | null | undefined }) {
  if (!evaluation) return <span class="muted">Not evaluated</span>;
  const { base, tuned } = evaluation;
  const isLabelled = tuned.accuracy !== null;
  const show = (scores: typeof base) => (isLabelled ? percent(scores.accuracy) : decimal(scores.loss));
  return (
    <span class="gain">
      <span class="muted">{isLabelled ? "Accuracy" : "Loss"}</span> {show(base)}{" "}
      <span aria-label="to">→</span> <strong>{show(tuned)}</strong>
    </span>
  );
}
