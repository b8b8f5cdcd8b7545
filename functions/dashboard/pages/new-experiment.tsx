import { useLocation, useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Experiment, Model } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { useQuery } from "../api/use-query.ts";
import { Button, Card, ErrorNote, PageHeader } from "../components/basics.tsx";
import { Field } from "../components/field.tsx";
import { MetricFields, newMetric, toMetric, type MetricForm } from "../components/metric-fields.tsx";
import { QueryView } from "../components/query-view.tsx";
import { VariantFields, type VariantForm } from "../components/variant-fields.tsx";

const POLICIES = {
  fixed: "You decide how traffic is shared, and who wins.",
  canary:
    "The treatment starts with 1 % and grows step by step. It is rolled back by itself when a guardrail gets worse.",
  bandit: "Better variants get more traffic as the numbers come in.",
  shadow: "Users get the control's answer only; the treatment answers behind it.",
} as const;
const UNITS = { user: "User", session: "Session", request: "Request" } as const;

/** A form for an experiment. */
export function NewExperiment() {
  const models = useQuery("models", async (api) => (await api.get<{ data: Model[] }>("/v1/models")).data);
  return (
    <>
      <PageHeader title="New experiment" back={{ href: "/experiments", text: "Experiments" }} />
      <QueryView query={models} height={480}>
        {(found) => <Form models={found} />}
      </QueryView>
    </>
  );
}

function Form({ models }: { readonly models: readonly Model[] }) {
  const api = useApi();
  const { route } = useLocation();
  const wanted = useRoute().query["model"];
  const tuned =
    models.find(({ id }) => id === wanted) ?? models.find(({ base_model: base }) => base !== undefined);
  const base = tuned?.base_model ?? models[0]?.id ?? "";
  const [name, setName] = useState("");
  const [unit, setUnit] = useState<keyof typeof UNITS>("user");
  const [policy, setPolicy] = useState<keyof typeof POLICIES>("fixed");
  const [variants, setVariants] = useState<readonly VariantForm[]>([
    { key: "control", model: base, weight: 50 },
    { key: "tuned", model: tuned?.id ?? base, weight: 50 },
  ]);
  const [metrics, setMetrics] = useState<readonly MetricForm[]>([{ ...newMetric, key: "accepted" }]);
  const create = useAction(async () => {
    // A canary and a shadow have weights of their own.
    const shared = policy === "fixed" || policy === "bandit";
    const body = {
      name,
      unit,
      policy,
      variants: variants.map(({ weight, ...variant }) => (shared ? { ...variant, weight } : variant)),
      metrics: metrics.map(toMetric),
    };
    const { id } = await api.send<Experiment>("POST", "/v1/experiments", body);
    route(`/experiments/${id}`);
  });

  return (
    <form
      class="stack narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void create.run();
      }}
    >
      <Card title="Experiment">
        <Field label="Name" hint="Callers send it as the model. Lower-case letters, digits and -.">
          {(ids) => (
            <input
              {...ids}
              required
              pattern="[a-z0-9][a-z0-9\-]{0,62}"
              autocomplete="off"
              spellcheck={false}
              placeholder="spam-filter"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="fields">
          <Field label="Assigned as a whole" hint="Everything of one unit gets the same variant.">
            {(ids) => (
              <select
                {...ids}
                value={unit}
                onChange={(event) => setUnit(event.currentTarget.value as keyof typeof UNITS)}
              >
                {Object.entries(UNITS).map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Policy" hint={POLICIES[policy]}>
            {(ids) => (
              <select
                {...ids}
                value={policy}
                onChange={(event) => setPolicy(event.currentTarget.value as keyof typeof POLICIES)}
              >
                {Object.keys(POLICIES).map((value) => (
                  <option key={value} value={value}>
                    {value.charAt(0).toUpperCase() + value.slice(1)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      </Card>
      <VariantFields
        variants={variants}
        models={models}
        weighted={policy === "fixed" || policy === "bandit"}
        onChange={setVariants}
      />
      <MetricFields metrics={metrics} onChange={setMetrics} />
      <ErrorNote error={create.error} />
      <div class="actions">
        <Button kind="primary" type="submit" busy={create.busy}>
          Start the experiment
        </Button>
      </div>
    </form>
  );
}
