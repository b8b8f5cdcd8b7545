import type { Answer } from "../api/ask.ts";
import { labelText, percent, shortModel } from "../format.ts";
import { Bars } from "./bars.tsx";
import { ErrorNote } from "./basics.tsx";

/** One model's side of the playground. */
export interface Side {
  readonly answer: Answer | null;
  readonly scores: readonly { readonly label: string; readonly probability: number }[] | null;
  readonly error: Error | undefined;
}

export const emptySide: Side = { answer: null, scores: null, error: undefined };

/** A model's answer as it comes, how fast, and how likely it finds each label. */
export function AnswerPanel({
  title,
  model,
  side: { answer, scores, error },
  series,
}: {
  readonly title: string;
  readonly model: string;
  readonly side: Side;
  readonly series: number;
}) {
  return (
    <section class={`card answer series-${series}`} aria-label={title}>
      <div class="card-head">
        <h2>
          <span class="key" aria-hidden="true" /> {title}
        </h2>
        <div class="card-aside">{shortModel(model)}</div>
      </div>
      <ErrorNote error={error} />
      <output class="answer-text" aria-live="polite" aria-busy={answer !== null && !answer.done}>
        {answer === null ? <span class="muted">The answer appears here.</span> : answer.text}
        {answer !== null && !answer.done && !error && <span class="cursor" aria-hidden="true" />}
      </output>
      <p class="muted answer-speed">{answer ? speedOf(answer) : " "}</p>
      {scores && (
        <>
          <h3>Label probabilities</h3>
          <Bars
            series={series}
            bars={scores.map(({ label, probability }) => ({
              name: labelText(label),
              share: probability,
              value: percent(probability),
            }))}
          />
        </>
      )}
    </section>
  );
}

function speedOf({ firstAt, lastAt, tokens }: Answer): string {
  if (firstAt === null) return "Waiting for the first token…";
  const first = `first token after ${Math.round(firstAt)} ms`;
  const seconds = ((lastAt ?? firstAt) - firstAt) / 1000;
  return tokens > 1 && seconds > 0 ? `${first}, then ${Math.round((tokens - 1) / seconds)} tokens/s` : first;
}
