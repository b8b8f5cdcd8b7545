import type { ComponentChildren } from "preact";
import type { Dataset, Model, Prompt } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { plural, shortId } from "../format.ts";
import { Badge, Card } from "./basics.tsx";

/** The way of a soft prompt: what it was tuned on, by which job, and where it went. */
export function Lineage({
  prompt,
  experiments,
}: {
  readonly prompt: Prompt;
  readonly experiments: NonNullable<Model["experiments"]>;
}) {
  const { dataset_id: datasetId, job_id: jobId, base_model: base, base_digest: digest } = prompt;
  const dataset = useQuery(`dataset ${datasetId}`, async (api) =>
    datasetId === null ? null : api.get<Dataset>(`/v1/datasets/${datasetId}`),
  );
  return (
    <Card title="Lineage">
      <ol class="lineage">
        <Node kind="Base model" note={<code title={digest}>{digest.slice(0, 12)}</code>}>
          {base}
        </Node>
        <Node kind="Dataset" note={dataset.data ? plural(dataset.data.rows, "row") : undefined}>
          {datasetId === null ? (
            "Imported"
          ) : (
            <a href={`/datasets/${datasetId}`}>{dataset.data?.name ?? shortId(datasetId)}</a>
          )}
        </Node>
        <Node kind="Tuning job" note={undefined}>
          {jobId === null ? "None" : <a href={`/jobs/${jobId}`}>{shortId(jobId)}</a>}
        </Node>
        <Node kind="Soft prompt" note={`${prompt.virtual_tokens} virtual tokens`}>
          <strong>{shortId(prompt.id)}</strong>
        </Node>
        <Node
          kind="Experiments"
          note={experiments.length === 0 ? <a href="/experiments/new">Start one</a> : undefined}
        >
          {experiments.length === 0
            ? "None yet"
            : experiments.map(({ id, name, variant, status, serving }) => (
                <span key={id} class="lineage-experiment">
                  <a href={`/experiments/${id}`}>{name}</a> <Badge state={status} />
                  <small class="muted">
                    as “{variant}”{serving ? ", serving" : ""}
                  </small>
                </span>
              ))}
        </Node>
      </ol>
    </Card>
  );
}

function Node({
  kind,
  note,
  children,
}: {
  readonly kind: string;
  readonly note: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <li>
      <small class="muted">{kind}</small>
      <div>{children}</div>
      {note !== undefined && <small class="muted">{note}</small>}
    </li>
  );
}
