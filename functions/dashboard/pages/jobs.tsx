import { useState } from "preact/hooks";
import { jobName } from "../api/names.ts";
import type { Dataset, Job } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
import { Gain } from "../components/gain.tsx";
import { isUnderWay, JobProgressLine } from "../components/job-progress.tsx";
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
            <Card>
              <table class="table-list">
                <caption class="sr-only">Tuning jobs, newest first</caption>
                <thead>
                  <tr>
                    <td>
                      <span class="sr-only">Compare</span>
                    </td>
                    <th scope="col">Name</th>
                    <th scope="col">State</th>
                    <th scope="col">Result</th>
                    <th scope="col">Took</th>
                    <th scope="col">Created</th>
                  </tr>
                </thead>
                <tbody>
                  {jobs.map((job) => {
                    const name = jobName(job, datasets);
                    const isPicked = picked.includes(job.id);
                    return (
                      <tr key={job.id}>
                        <td class="pick">
                          <input
                            type="checkbox"
                            aria-label={`Compare ${name}, ${job.id}`}
                            checked={isPicked}
                            disabled={!isPicked && picked.length >= MAX_COMPARED}
                            onChange={(event) => toggle(job.id, event.currentTarget.checked)}
                          />
                        </td>
                        <th scope="row">
                          <a href={`/jobs/${job.id}`}>{name}</a>
                        </th>
                        <td data-label="State">
                          <Badge state={job.status} />
                        </td>
                        <td data-label="Result">
                          <Result job={job} />
                        </td>
                        <td data-label="Took">{duration(job.foreword.tuning_seconds)}</td>
                        <td data-label="Created">
                          <Time seconds={job.created_at} />
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </Card>
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
