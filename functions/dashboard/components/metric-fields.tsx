import type { BuiltInMetric } from "../../../shared/contracts/experiment.ts";
import { words } from "../format.ts";
import { Button, Card } from "./basics.tsx";
import { Field } from "./field.tsx";

/** A metric as the form holds it; an empty `min_effect` declares none. */
export interface MetricForm {
  readonly key: string;
  readonly kind: string;
  readonly direction: string;
  readonly role: string;
  readonly min_effect: string;
}

export const newMetric: MetricForm = {
  key: "",
  kind: "binary",
  direction: "increase",
  role: "primary",
  min_effect: "",
};

/** Measured with every answer. */
const BUILT_IN: readonly BuiltInMetric[] = [
  "latency_ms",
  "prompt_tokens",
  "completion_tokens",
  "error_rate",
  "length_rate",
  "agreement_rate",
];
const isBuiltIn = (key: string) => BUILT_IN.some((metric) => metric === key);

/** The API's metric. What is built in knows its kind and direction. */
export function toMetric({ key, kind, direction, role, min_effect: effect }: MetricForm) {
  return {
    key,
    role,
    ...(isBuiltIn(key) ? {} : { kind, direction }),
    ...(effect === "" ? {} : { min_effect: Number(effect) }),
  };
}

const CHOICES = [
  { name: "kind", label: "Kind", values: ["binary", "continuous", "count"] },
  { name: "direction", label: "Better is", values: ["increase", "decrease"] },
  { name: "role", label: "Role", values: ["primary", "guardrail", "secondary"] },
] as const;
const SHOWN: Readonly<Record<string, string>> = { increase: "More", decrease: "Less" };

/** What an experiment is judged by. */
export function MetricFields({
  metrics,
  onChange,
}: {
  readonly metrics: readonly MetricForm[];
  onChange(metrics: readonly MetricForm[]): void;
}) {
  const change = (index: number, part: Partial<MetricForm>) =>
    onChange(metrics.map((metric, i) => (i === index ? { ...metric, ...part } : metric)));
  return (
    <Card title="Metrics" aside="latency, tokens and errors are measured anyway">
      <datalist id="built-in-metrics">
        {BUILT_IN.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      {metrics.map((metric, i) => (
        <fieldset key={i} class="metric-fields">
          <legend class="sr-only">Metric {i + 1}</legend>
          <Field label="Metric">
            {(ids) => (
              <input
                {...ids}
                required
                pattern="[a-z][a-z0-9_]{0,62}"
                list="built-in-metrics"
                value={metric.key}
                onInput={(event) => change(i, { key: event.currentTarget.value })}
              />
            )}
          </Field>
          {CHOICES.map(({ name, label, values }) => (
            <Field key={name} label={label}>
              {(ids) => (
                <select
                  {...ids}
                  disabled={name !== "role" && isBuiltIn(metric.key)}
                  value={metric[name]}
                  onChange={(event) => change(i, { [name]: event.currentTarget.value })}
                >
                  {values.map((value) => (
                    <option key={value} value={value}>
                      {SHOWN[value] ?? words(value)}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          ))}
          <Field label="Smallest change worth having">
            {(ids) => (
              <input
                {...ids}
                type="number"
                min={0}
                step="any"
                placeholder="0.01"
                value={metric.min_effect}
                onInput={(event) => change(i, { min_effect: event.currentTarget.value })}
              />
            )}
          </Field>
          {metrics.length > 1 && (
            <Button kind="quiet" onClick={() => onChange(metrics.filter((_, other) => other !== i))}>
              Remove
            </Button>
          )}
        </fieldset>
      ))}
      <Button onClick={() => onChange([...metrics, newMetric])}>Add a metric</Button>
    </Card>
  );
}
