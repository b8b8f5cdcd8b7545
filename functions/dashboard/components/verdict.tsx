import type { Experiment, Results } from "../api/types.ts";
import { count, percent, words } from "../format.ts";

/** Stands above everything else: numbers from a split that is off mean nothing. */
export function SampleRatioWarning({
  experiment,
  results,
}: {
  readonly experiment: Experiment;
  readonly results: Results;
}) {
  const { mismatch, sequential_p_value: p } = results.sample_ratio;
  if (!mismatch) return null;
  const total = results.variants.reduce((sum, { units }) => sum + units, 0);
  const found = results.variants.map(({ key, units }) => `${key} ${percent(units / total)}`).join(", ");
  const wanted = experiment.variants.map(({ key, weight }) => `${key} ${percent(weight)}`).join(", ");
  return (
    <div class="note bad srm" role="alert">
      <p>
        <strong>Sample ratio mismatch: do not trust these numbers.</strong> Units are not split as they were
        meant to be, so the variants do not have comparable users (p = {p.toPrecision(2)}).
      </p>
      <p>
        Found: {found}. Meant now: {wanted}. Look for redirects, caches or filters that lose the requests of
        one variant, correct the cause, and start a new experiment.
      </p>
    </div>
  );
}

const TONES: Readonly<Record<string, string>> = {
  better: "good",
  do_not_trust: "bad",
  no_difference: "neutral",
};

/** What the numbers come to, in one sentence. */
export function Verdict({ results }: { readonly results: Results }) {
  const { verdict, analysis, variants } = results;
  const units = variants.reduce((sum, variant) => sum + variant.units, 0);
  const needed = verdict.units_needed;
  return (
    <section class={`card verdict ${TONES[verdict.state] ?? "busy"}`} aria-label="Verdict">
      <p class="verdict-kind">Verdict</p>
      <p class="verdict-text">{words(verdict.text)}</p>
      <p class="muted">
        {count(units)} {units === 1 ? "unit" : "units"} so far
        {needed !== null && needed > 0 && `, about ${count(needed)} more to decide`}.{" "}
        {analysis.type === "sequential"
          ? "Valid however often you look."
          : `Judged once, at ${count(analysis.planned_units ?? 0)} units.`}{" "}
        A wrong verdict in at most {percent(analysis.alpha, 0)} of experiments.
      </p>
      {results.waiting_for.length > 0 && (
        <p class="muted">The canary's last step still waits for {results.waiting_for.join(", ")}.</p>
      )}
    </section>
  );
}
