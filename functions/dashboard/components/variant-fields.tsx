import type { Model } from "../api/types.ts";
import { Button, Card } from "./basics.tsx";
import { Field } from "./field.tsx";

export interface VariantForm {
  readonly key: string;
  readonly model: string;
  readonly weight: number;
}

const MAX_VARIANTS = 10;

/** The variants of an experiment; the first is the control. */
export function VariantFields({
  variants,
  models,
  weighted,
  onChange,
}: {
  readonly variants: readonly VariantForm[];
  readonly models: readonly Model[];
  readonly weighted: boolean;
  onChange(variants: readonly VariantForm[]): void;
}) {
  const change = (index: number, part: Partial<VariantForm>) =>
    onChange(variants.map((variant, i) => (i === index ? { ...variant, ...part } : variant)));
  const add = () => {
    const weight = Math.floor(100 / (variants.length + 1));
    const key = `variant-${variants.length + 1}`;
    onChange(
      [...variants, { key, model: models[0]?.id ?? "", weight }].map((variant) => ({ ...variant, weight })),
    );
  };
  return (
    <Card title="Variants" aside="the first is the control">
      {variants.map(({ key, model, weight }, i) => (
        <fieldset key={i} class="variant">
          <legend class="sr-only">{i === 0 ? "Control" : `Treatment ${i}`}</legend>
          <Field label="Key">
            {(ids) => (
              <input
                {...ids}
                required
                pattern="[a-z0-9][a-z0-9\-]{0,62}"
                value={key}
                onInput={(event) => change(i, { key: event.currentTarget.value })}
              />
            )}
          </Field>
          <Field label="Model">
            {(ids) => (
              <select
                {...ids}
                value={model}
                onChange={(event) => change(i, { model: event.currentTarget.value })}
              >
                {models.map(({ id }) => (
                  <option key={id}>{id}</option>
                ))}
              </select>
            )}
          </Field>
          {weighted && (
            <Field label="Share in %">
              {(ids) => (
                <input
                  {...ids}
                  type="number"
                  min={0}
                  max={100}
                  step="any"
                  required
                  value={weight}
                  onInput={(event) => change(i, { weight: event.currentTarget.valueAsNumber })}
                />
              )}
            </Field>
          )}
          {variants.length > 2 && i > 0 && (
            <Button kind="quiet" onClick={() => onChange(variants.filter((_, other) => other !== i))}>
              Remove
            </Button>
          )}
        </fieldset>
      ))}
      {variants.length < MAX_VARIANTS && <Button onClick={add}>Add a variant</Button>}
    </Card>
  );
}
