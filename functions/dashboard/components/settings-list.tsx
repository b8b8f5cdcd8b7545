import type { Job } from "../api/types.ts";
import { words } from "../format.ts";

const SHOWN = [
  "method",
  "virtual_tokens",
  "epochs",
  "batch_size",
  "learning_rate",
  "init",
  "placement",
  "optimizer",
] as const;

/** A job's settings as far as somebody may want to compare them. */
export function settingsOf({ model, seed, foreword: { settings } }: Job): [string, string][] {
  const given = SHOWN.map((key): [string, string] => [words(key), String(settings[key] ?? "auto")]);
  return [["Base model", model], ...given, ["Seed", String(seed)]];
}

/** Names with their values. */
export function Details({
  entries,
}: {
  readonly entries: readonly (readonly [string, preact.ComponentChildren])[];
}) {
  return (
    <dl class="details">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
