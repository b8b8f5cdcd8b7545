import type { TuningMethod } from "../../../shared/contracts/job.ts";
import { words } from "../format.ts";
import { Field } from "./field.tsx";

/** Settings as a form holds them; an empty text leaves the choice to the trainer. */
export interface TuneForm {
  readonly method: string;
  readonly virtual_tokens: string;
  readonly epochs: string;
  readonly learning_rate: string;
  readonly batch_size: string;
}

export const noSettings: TuneForm = {
  method: "auto",
  virtual_tokens: "",
  epochs: "",
  learning_rate: "",
  batch_size: "",
};
const METHODS: readonly TuningMethod[] = ["prompt_tuning", "p_tuning", "prefix_tuning"];
const NUMBERS = [
  { name: "virtual_tokens", label: "Virtual tokens", step: "1", max: 512 },
  { name: "epochs", label: "Epochs", step: "any", max: 1000 },
  { name: "learning_rate", label: "Learning rate", step: "any", max: 10 },
  { name: "batch_size", label: "Batch size", step: "1", max: 256 },
] as const;

/** The API's settings: those that were chosen. */
export function toSettings(form: TuneForm): Record<string, string | number> {
  const numbers = NUMBERS.filter(({ name }) => form[name] !== "").map(
    ({ name }) => [name, Number(form[name])] as const,
  );
  return { ...(form.method === "auto" ? {} : { method: form.method }), ...Object.fromEntries(numbers) };
}

export function TuneSettingsFields({
  form,
  onChange,
}: {
  readonly form: TuneForm;
  onChange(form: TuneForm): void;
}) {
  return (
    <details class="settings">
      <summary>Settings</summary>
      <div class="fields">
        <Field label="Method">
          {(ids) => (
            <select
              {...ids}
              value={form.method}
              onChange={(event) => onChange({ ...form, method: event.currentTarget.value })}
            >
              <option value="auto">Automatic</option>
              {METHODS.map((method) => (
                <option key={method} value={method}>
                  {words(method)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {NUMBERS.map(({ name, label, step, max }) => (
          <Field key={name} label={label}>
            {(ids) => (
              <input
                {...ids}
                type="number"
                inputMode="decimal"
                min={step === "1" ? 1 : 0}
                max={max}
                step={step}
                placeholder="Automatic"
                value={form[name]}
                onInput={(event) => onChange({ ...form, [name]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
      </div>
    </details>
  );
}
