import { useLocation, useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import type { Api } from "../api/client.ts";
import { ApiError } from "../api/client.ts";
import { useApi } from "../api/context.ts";
import type { Dataset, Job } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Button, Card, PageHeader, Time } from "../components/basics.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Gain } from "../components/gain.tsx";
import { isUnderWay, jobPhase } from "../components/job-progress.tsx";
import { QueryView } from "../components/query-view.tsx";
import { TuneDialog } from "../components/tune-dialog.tsx";
import { ValidationReport } from "../components/validation-report.tsx";
import { count } from "../format.ts";

const EVERY_MS = 3000;
const PREVIEW = 5;
type Row = Readonly<Record<string, unknown>>;

/** One version of a dataset: what validation found, what it looks like, and what was tuned on it. */
export function DatasetPage() {
  const id = useRoute().params["id"] ?? "";
  const { route } = useLocation();
  const api = useApi();
  const [asking, setAsking] = useState<"delete" | "tune">();
  const dataset = useQuery(`dataset ${id}`, (from) => from.get<Dataset>(`/v1/datasets/${id}`));
  const rows = useQuery(`rows ${id}`, async (from) => preview(from, id));
  const name = dataset.data?.name;
  const versions = useQuery(`versions ${id}`, (from) => from.list<Dataset>(`/v1/datasets/${id}/versions`));
  const jobs = useQuery(
    `jobs of ${id}`,
    async (from) =>
      (await from.list<Job>("/v1/fine_tuning/jobs", 300)).filter(({ training_file: file }) => file === id),
    EVERY_MS,
  );
  const remove = useAction(async () => {
    await api.send("DELETE", `/v1/datasets/${id}`);
    route("/datasets");
  });

  return (
    <>
      <PageHeader
        title={name ?? "Dataset"}
        back={{ href: "/datasets", text: "Datasets" }}
        about={dataset.data && <Time seconds={dataset.data.created_at} />}
      >
        <Button kind="quiet" onClick={() => setAsking("delete")}>
          Delete
        </Button>
        <Button
          kind="primary"
          disabled={dataset.data?.status !== "accepted"}
          onClick={() => setAsking("tune")}
        >
          Tune on it
        </Button>
      </PageHeader>
      {asking === "delete" && (
        <Confirm
          title={`Delete “${name}”?`}
          verb="Delete the dataset"
          danger
          action={remove}
          onClose={() => setAsking(undefined)}
        >
          <p>All its versions go. Soft prompts that were tuned on it stay; jobs that still need it fail.</p>
        </Confirm>
      )}
      {asking === "tune" && dataset.data && (
        <TuneDialog
          dataset={dataset.data}
          onClose={() => setAsking(undefined)}
          onCreated={(job) => route(`/jobs/${job.id}`)}
        />
      )}
      <div class="stack">
        <QueryView query={dataset} height={360}>
          {(found) => <ValidationReport dataset={found} />}
        </QueryView>
        <div class="columns">
          <Card title="Tuning jobs">
            <QueryView query={jobs} height={64}>
              {(found) => <JobRows jobs={found} />}
            </QueryView>
          </Card>
          <Card title="Versions">
            <QueryView query={versions} height={64}>
              {(found) => (
                <ul class="rows">
                  {found.map((version) => (
                    <li key={version.id}>
                      <div class="row-main">
                        {version.id === id ? (
                          <strong>This one</strong>
                        ) : (
                          <a href={`/datasets/${version.id}`}>
                            <Time seconds={version.created_at} />
                          </a>
                        )}
                        <Badge state={version.status} />
                      </div>
                      <span class="muted">{count(version.rows)} rows</span>
                    </li>
                  ))}
                </ul>
              )}
            </QueryView>
          </Card>
        </div>
        <Card title="First rows">
          <QueryView query={rows} height={120}>
            {(found) =>
              found === null ? (
                <p class="muted">A newer version has replaced these rows in the bucket.</p>
              ) : (
                <Preview rows={found} />
              )
            }
          </QueryView>
        </Card>
      </div>
    </>
  );
}

/** The first rows; null where the bucket holds a newer version. */
async function preview(api: Api, id: string): Promise<readonly Row[] | null> {
  try {
    return (await api.get<{ data: Row[] }>(`/v1/datasets/${id}/preview?limit=${PREVIEW}`)).data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return null;
    throw error;
  }
}

function JobRows({ jobs }: { readonly jobs: readonly Job[] }) {
  if (jobs.length === 0) return <p class="muted">None so far.</p>;
  return (
    <ul class="rows">
      {jobs.map((job) => (
        <li key={job.id}>
          <div class="row-main">
            <a href={`/jobs/${job.id}`}>
              <Time seconds={job.created_at} />
            </a>
            <Badge state={job.status} />
          </div>
          {isUnderWay(job) ? (
            <span class="muted">{jobPhase(job)}</span>
          ) : (
            job.status === "succeeded" && <Gain evaluation={job.foreword.evaluation} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Preview({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <ol class="preview">
      {rows.map((row, i) => (
        <li key={i}>
          <dl>
            {Object.entries(row)
              .filter(([field]) => field !== "format")
              .map(([field, value]) => (
                <div key={field}>
                  <dt>{field}</dt>
                  <dd>{typeof value === "string" ? value : JSON.stringify(value, null, 1)}</dd>
                </div>
              ))}
          </dl>
        </li>
      ))}
    </ol>
  );
}
