import { useRoute } from "preact-iso";
import { useMemo } from "preact/hooks";
import { jobName } from "../api/names.ts";
import type { Dataset, Job } from "../api/types.ts";
import { allSteps, reportedSteps } from "../api/steps.ts";
import { newerThan } from "../api/use-job-events.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, Empty, LinkButton, PageHeader } from "../components/basics.tsx";
import { LossPlot, type Run } from "../components/loss-plot.tsx";
import { QueryView } from "../components/query-view.tsx";
import { settingsOf } from "../components/settings-list.tsx";
import { decimal, duration, percent } from "../format.ts";

interface ComparedRun extends Run {
  readonly job: Job;
}

/** Runs side by side: `/jobs/compare?ids=<job>,<job>`. */
export function CompareJobs() {
  const ids = (useRoute().query["ids"] ?? "").split(",").filter((id) => id !== "");
  const query = useQuery(`compare ${ids.join()}`, async (api) => {
    const datasets = await api.list<Dataset>("/v1/datasets", 300);
    return Promise.all(
      ids.map(async (id, i): Promise<ComparedRun> => {
        const job = await api.get<Job>(`/v1/fine_tuning/jobs/${id}`);
        const steps = (await allSteps(api, job)) ?? reportedSteps(await newerThan(api, id, undefined));
        return { name: `${i + 1}. ${jobName(job, datasets)}`, job, steps };
      }),
    );
  });
  return (
    <>
      <PageHeader title="Compare runs" back={{ href: "/jobs", text: "Tuning jobs" }} />
      {ids.length < 2 ? (
        <Empty title="Nothing to compare">
          <p>Pick two or more jobs in the list.</p>
          <LinkButton href="/jobs" kind="primary">
            Go to the jobs
          </LinkButton>
        </Empty>
      ) : (
        <QueryView query={query} height={480}>
          {(runs) => <Comparison runs={runs} />}
        </QueryView>
      )}
    </>
  );
}

function Comparison({ runs }: { readonly runs: readonly ComparedRun[] }) {
  const rows = useMemo(() => compare(runs), [runs]);
  return (
    <div class="stack">
      <Card title="Loss" aside="lower is better">
        <LossPlot runs={runs} />
      </Card>
      <Card title="Results and settings" aside="what differs is marked">
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Results and settings">
          <table class="compare">
            <thead>
              <tr>
                <td />
                {runs.map(({ name, job }, i) => (
                  <th key={job.id} scope="col">
                    <span class={`key series-${i}`} aria-hidden="true" />{" "}
                    <a href={`/jobs/${job.id}`}>{name}</a> <Badge state={job.status} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, values }) => (
                <tr key={name} class={new Set(values).size > 1 ? "differs" : ""}>
                  <th scope="row">{name}</th>
                  {values.map((value, i) => (
                    <td key={runs[i]?.job.id}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
    </div>
  );
}

function compare(runs: readonly ComparedRun[]): { name: string; values: string[] }[] {
  const each = (name: string, show: (job: Job) => string) => ({
    name,
    values: runs.map(({ job }) => show(job)),
  });
  const settings = runs.map(({ job }) => settingsOf(job));
  return [
    each("Accuracy", ({ foreword }) => percent(foreword.evaluation?.tuned.accuracy)),
    each("Loss", ({ foreword }) => decimal(foreword.evaluation?.tuned.loss)),
    each("Tuned in", ({ foreword }) => duration(foreword.tuning_seconds)),
    each("Steps", ({ foreword }) => String(foreword.steps ?? "–")),
    ...(settings[0] ?? []).map(([name], row) => ({
      name,
      values: settings.map((one) => one[row]?.[1] ?? ""),
    })),
  ];
}
