import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Experiment, ExperimentStatus } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { Button } from "./basics.tsx";
import { Confirm } from "./dialog.tsx";
import { Field } from "./field.tsx";

interface Verb {
  readonly path: "start" | "pause" | "resume" | "stop" | "roll_back" | "promote";
  readonly name: string;
  readonly from: readonly ExperimentStatus[];
  readonly kind?: "primary" | "danger" | "secondary";
  /** What happens, where it cannot be undone. */
  readonly warning?: string;
}

const VERBS: readonly Verb[] = [
  { path: "start", name: "Start", from: ["draft"], kind: "primary" },
  { path: "resume", name: "Resume", from: ["paused"] },
  { path: "pause", name: "Pause", from: ["running"] },
  {
    path: "stop",
    name: "Stop",
    from: ["running", "paused"],
    warning: "The experiment ends without a decision, and its name serves the control from now on.",
  },
  {
    path: "roll_back",
    name: "Roll back",
    from: ["running", "paused", "promoted"],
    kind: "danger",
    warning: "The experiment ends, and everybody gets the control from now on.",
  },
  {
    path: "promote",
    name: "Promote",
    from: ["running", "paused", "stopped", "rolled_back"],
    kind: "primary",
    warning: "The experiment ends, and everybody gets this variant from now on. You can roll that back.",
  },
];

/** What can be done with an experiment in its state. */
export function ExperimentActions({
  experiment,
  onChanged,
}: {
  readonly experiment: Experiment;
  onChanged(): Promise<void>;
}) {
  const api = useApi();
  const { id, name, variants, status } = experiment;
  const [asked, setAsked] = useState<Verb>();
  const [variant, setVariant] = useState(variants.at(-1)?.key);
  const act = useAction(async () => {
    if (!asked) return;
    await api.send(
      "POST",
      `/v1/experiments/${id}/${asked.path}`,
      asked.path === "promote" ? { variant } : {},
    );
    setAsked(undefined);
    await onChanged();
  });
  return (
    <>
      {VERBS.filter(({ from }) => from.includes(status)).map((verb) => (
        <Button key={verb.path} kind={verb.kind ?? "secondary"} onClick={() => setAsked(verb)}>
          {verb.name}
        </Button>
      ))}
      {asked && (
        <Confirm
          title={`${asked.name} “${name}”?`}
          verb={asked.name}
          danger={asked.kind === "danger"}
          action={act}
          onClose={() => setAsked(undefined)}
        >
          {asked.path === "promote" && (
            <Field label="Variant">
              {(ids) => (
                <select {...ids} value={variant} onChange={(event) => setVariant(event.currentTarget.value)}>
                  {variants.map(({ key }) => (
                    <option key={key}>{key}</option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <p>{asked.warning ?? EFFECTS[asked.path]}</p>
        </Confirm>
      )}
    </>
  );
}

const EFFECTS: Readonly<Record<string, string>> = {
  start: "From now on units are assigned to variants and counted.",
  pause: "Everybody gets the control, and nothing is counted until you resume.",
  resume: "Units are assigned and counted again.",
};
