import type { ExperimentChange } from "../api/types.ts";
import { shortId, words } from "../format.ts";
import { Time } from "./basics.tsx";

/** What changes who gets what, or what is thought of it. */
const DECISIONS: ReadonlySet<string> = new Set([
  "verdict",
  "promote",
  "roll_back",
  "advance",
  "pause",
  "reallocate",
  "stop",
]);

/** Verdicts, and what followed from them, newest first. */
export function Decisions({ history }: { readonly history: readonly ExperimentChange[] }) {
  const decisions = history.filter(({ action }) => DECISIONS.has(action)).toReversed();
  if (decisions.length === 0) return <p class="muted">None so far. A change of the verdict is noted here.</p>;
  return <Entries entries={decisions} />;
}

/** Everything that was ever changed, newest first; nothing is ever removed. */
export const AuditTrail = ({ history }: { readonly history: readonly ExperimentChange[] }) => (
  <Entries entries={history.toReversed()} />
);

function Entries({ entries }: { readonly entries: readonly ExperimentChange[] }) {
  return (
    <ol class="events">
      {entries.map(({ id, created_at: time, actor, action, detail }) => (
        <li key={id}>
          <Time seconds={time} />
          <span>
            <strong>{words(action)}</strong>{" "}
            <span class="muted">by {actor.includes("_") ? shortId(actor) : actor}</span>
            <Detail detail={detail} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Characters of a detail that is shown as it is. */
const SHORT = 160;

function Detail({ detail }: { readonly detail: ExperimentChange["detail"] }) {
  const entries = Object.entries(detail).filter(([field]) => field !== "action");
  if (entries.length === 0) return null;
  const text = entries
    .map(
      ([field, value]) =>
        `${words(field).toLowerCase()}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join("; ");
  if (text.length <= SHORT) return <small class="muted event-detail">{text}</small>;
  return (
    <details>
      <summary>Details</summary>
      <pre tabIndex={0}>{JSON.stringify(Object.fromEntries(entries), null, 2)}</pre>
    </details>
  );
}
