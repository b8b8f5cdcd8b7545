import { useState } from "preact/hooks";
import { jobName } from "../api/names.ts";
import type { Dataset, Job } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
import { Gain } from "../components/gain.tsx";
import { isUnderWay, JobProgressLine } from "../components/job-progress.tsx";
import { ListTable } from "../components/list-table.tsx";
import { QueryView } from "../components/query-view.tsx";
import { duration } from "../format.ts";

const EVERY_MS = 2000;
const MAX_COMPARED = 5;

/** All tuning jobs, newest first; some can be picked to be compared. */
export function Jobs() {
  const [picked, setPicked] = useState<readonly string[]>([]);
  const query = useQuery(
    "jobs",
    async (api) => {
      const [jobs, datasets] = await Promise.all([
        api.list<Job>("/v1/fine_tuning/jobs", 300),
        api.list<Dataset>("/v1/datasets", 300),
      ]);
      return { jobs, datasets };
    },
    EVERY_MS,
  );
  const toggle = (id: string, on: boolean) =>
    setPicked(on ? [...picked, id] : picked.filter((other) => other !== id));

  return (
    <>
      <PageHeader title="Tuning jobs" about="Each turns a dataset into a soft prompt.">
        {picked.length > 1 ? (
          <LinkButton kind="primary" href={`/jobs/compare?ids=${picked.join()}`}>
            Compare {picked.length} runs
          </LinkButton>
        ) : (
          <span class="muted">Pick two or more to compare them</span>
        )}
      </PageHeader>
      <QueryView query={query}>
        {({ jobs, datasets }) =>
          jobs.length === 0 ? (
            <Empty title="No job yet">
              <p>Upload a dataset, and the first one begins by itself.</p>
              <LinkButton href="/datasets" kind="primary">
                Upload a dataset
              </LinkButton>
            </Empty>
          ) : (
            <ListTable
              caption="Tuning jobs, newest first"
              rows={jobs}
              keyOf={({ id }) => id}
              name={(job) => ({ href: `/jobs/${job.id}`, text: jobName(job, datasets) })}
              control={{
                title: "Compare",
                render: (job) => {
                  const isPicked = picked.includes(job.id);
                  return (
                    <input
                      type="checkbox"
                      aria-label={`Compare ${jobName(job, datasets)}, ${job.id}`}
                      checked={isPicked}
                      disabled={!isPicked && picked.length >= MAX_COMPARED}
                      onChange={(event) => toggle(job.id, event.currentTarget.checked)}
                    />
                  );
                },
              }}
              columns={[
                { title: "State", cell: ({ status }) => <Badge state={status} /> },
                { title: "Result", cell: (job) => <Result job={job} /> },
                { title: "Took", cell: ({ foreword }) => duration(foreword.tuning_seconds) },
                { title: "Created", cell: ({ created_at: time }) => <Time seconds={time} /> },
              ]}
            />
          )
        }
      </QueryView>
    </>
  );
}

function Result({ job }: { readonly job: Job }) {
  if (isUnderWay(job)) return <JobProgressLine job={job} />;
  if (job.status === "succeeded") return <Gain evaluation={job.foreword.evaluation} />;
  return <span class="muted">{job.error?.message ?? "–"}</span>;
}
