import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Dataset, Job, Model } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { useQuery } from "../api/use-query.ts";
import { Button, ErrorNote } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { QueryView } from "./query-view.tsx";
import { noSettings, toSettings, TuneSettingsFields } from "./tune-settings.tsx";

/** Makes a job of a dataset that is there already. */
export function TuneDialog({
  dataset,
  onClose,
  onCreated,
}: {
  readonly dataset: Dataset;
  onClose(): void;
  onCreated(job: Job): void;
}) {
  const api = useApi();
  const [settings, setSettings] = useState(noSettings);
  const [chosen, setChosen] = useState<string>();
  const bases = useQuery("base models", async (from) =>
    (await from.get<{ data: Model[] }>("/v1/models")).data.filter((model) => model.base_model === undefined),
  );
  const create = useAction(async (model: string) => {
    const body = { model, training_file: dataset.id, suffix: dataset.name, foreword: toSettings(settings) };
    onCreated(await api.send<Job>("POST", "/v1/fine_tuning/jobs", body));
  });
  return (
    <Dialog title={`Tune on “${dataset.name}”`} onClose={onClose}>
      <QueryView query={bases} height={120}>
        {(models) => {
          const model = chosen ?? models[0]?.id ?? "";
          return (
            <form
              onSubmit={(event) => {
                event.preventDefault();
                void create.run(model);
              }}
            >
              <Field label="Base model">
                {(ids) => (
                  <select {...ids} value={model} onChange={(event) => setChosen(event.currentTarget.value)}>
                    {models.map(({ id }) => (
                      <option key={id}>{id}</option>
                    ))}
                  </select>
                )}
              </Field>
              <TuneSettingsFields form={settings} onChange={setSettings} />
              <ErrorNote error={create.error} />
              <div class="dialog-actions">
                <Button onClick={onClose}>Cancel</Button>
                <Button kind="primary" type="submit" busy={create.busy}>
                  Start tuning
                </Button>
              </div>
            </form>
          );
        }}
      </QueryView>
    </Dialog>
  );
}
