import { useSession } from "../api/context.ts";
import { jobName } from "../api/names.ts";
import type { Dataset, Experiment, Job, Prompt, Quotas } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, LinkButton, Meter, PageHeader, Stat, Stats, Time } from "../components/basics.tsx";
import { Gain } from "../components/gain.tsx";
import { isUnderWay, JobProgressLine } from "../components/job-progress.tsx";
import { QueryView } from "../components/query-view.tsx";
import { count, percent, plural, shortModel } from "../format.ts";

const EVERY_MS = 5000;
const SHOWN = 5;

/** What there is and what goes on, and the next thing to do where there is little. */
export function Overview() {
  const { organization } = useSession();
  const overview = useQuery(
    "overview",
    async (api) => {
      const [datasets, jobs, prompts, experiments, quotas] = await Promise.all([
        api.list<Dataset>("/v1/datasets"),
        api.list<Job>("/v1/fine_tuning/jobs"),
        api.list<Prompt>("/v1/prompts"),
        api.list<Experiment>("/v1/experiments"),
        api.get<Quotas>("/v1/quotas"),
      ]);
      return { datasets, jobs, prompts, experiments, quotas };
    },
    EVERY_MS,
  );
  return (
    <>
      <PageHeader title="Overview" about={`What goes on in “${organization}”`}>
        <LinkButton href="/datasets" kind="primary">
          Upload a dataset
        </LinkButton>
      </PageHeader>
      <QueryView query={overview} height={420}>
        {({ datasets, jobs, prompts, experiments, quotas }) => {
          const active = jobs.filter(isUnderWay);
          const running = experiments.filter(({ status }) => status === "running");
          const names = new Set(datasets.map(({ name }) => name));
          return (
            <div class="stack">
              <Stats>
                <Stat name="Datasets" value={count(names.size)} note={plural(datasets.length, "version")} />
                <Stat
                  name="Jobs under way"
                  value={count(active.length)}
                  note={`${count(jobs.length)} in all`}
                />
                <Stat name="Soft prompts" value={count(prompts.length)} note={best(prompts)} />
                <Stat name="Experiments" value={count(running.length)} note="running" />
              </Stats>
              <FirstSteps datasets={datasets} prompts={prompts} experiments={experiments} />
              <div class="columns">
                <LatestJobs jobs={active.length > 0 ? active : jobs.slice(0, SHOWN)} datasets={datasets} />
                <NewestPrompts prompts={prompts.slice(0, SHOWN)} />
                <Experiments experiments={experiments.slice(0, SHOWN)} />
                <Usage quotas={quotas} />
              </div>
            </div>
          );
        }}
      </QueryView>
    </>
  );
}

function best(prompts: readonly Prompt[]): string {
  const accuracies = prompts.map(({ evaluation }) => evaluation?.tuned.accuracy ?? 0);
  const highest = Math.max(0, ...accuracies);
  return highest > 0 ? `best ${percent(highest)} accurate` : "none evaluated";
}

/** The story of a first afternoon; a step that is done is ticked, and all of it goes when the last one is. */
function FirstSteps({
  datasets,
  prompts,
  experiments,
}: {
  readonly datasets: readonly Dataset[];
  readonly prompts: readonly Prompt[];
  readonly experiments: readonly Experiment[];
}) {
  const steps = [
    {
      done: datasets.length > 0,
      href: "/datasets",
      title: "Upload a dataset",
      text: "JSON lines with prompts and answers, or texts and labels. Bad rows are listed line by line.",
    },
    {
      done: prompts.length > 0,
      href: "/jobs",
      title: "Watch it being tuned",
      text: "A trainer takes the job by itself; you see the loss fall.",
    },
    {
      done: experiments.length > 0,
      href: "/experiments/new",
      title: "Try it on your users",
      text: "Compare the tuned model with the base model, and promote the better one.",
    },
  ];
  if (steps.every(({ done }) => done)) return null;
  return (
    <ol class="first-steps">
      {steps.map(({ done, href, title, text }) => (
        <li key={href} class={done ? "done" : ""}>
          <a href={href}>{title}</a>
          {done && <span class="sr-only"> (done)</span>}
          <p>{text}</p>
        </li>
      ))}
    </ol>
  );
}

function LatestJobs({
  jobs,
  datasets,
}: {
  readonly jobs: readonly Job[];
  readonly datasets: readonly Dataset[];
}) {
  const isActive = jobs.some(isUnderWay);
  return (
    <Card title={isActive ? "Jobs under way" : "Latest jobs"} aside={<a href="/jobs">All jobs</a>}>
      {jobs.length === 0 && <p class="muted">No job yet. Every accepted dataset becomes one.</p>}
      <ul class="rows">
        {jobs.map((job) => (
          <li key={job.id}>
            <div class="row-main">
              <a href={`/jobs/${job.id}`}>{jobName(job, datasets)}</a>
              <Badge state={job.status} />
            </div>
            {isActive ? <JobProgressLine job={job} /> : <Time seconds={job.created_at} />}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function NewestPrompts({ prompts }: { readonly prompts: readonly Prompt[] }) {
  return (
    <Card title="Newest soft prompts" aside={<a href="/prompts">All soft prompts</a>}>
      {prompts.length === 0 && <p class="muted">None yet. They appear when a job has succeeded.</p>}
      <ul class="rows">
        {prompts.map((prompt) => (
          <li key={prompt.id}>
            <div class="row-main">
              <a href={`/prompts/${prompt.id}`}>{shortModel(prompt.model)}</a>
              <Time seconds={prompt.created_at} />
            </div>
            <Gain evaluation={prompt.evaluation} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Experiments({ experiments }: { readonly experiments: readonly Experiment[] }) {
  return (
    <Card title="Experiments" aside={<a href="/experiments">All experiments</a>}>
      {experiments.length === 0 && <p class="muted">None yet. Start one when you have a tuned model.</p>}
      <ul class="rows">
        {experiments.map(({ id, name, status, verdict, variants }) => (
          <li key={id}>
            <div class="row-main">
              <a href={`/experiments/${id}`}>{name}</a>
              <Badge state={status} />
            </div>
            <span class="muted">{verdict ?? `${variants.length} variants`}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Usage({ quotas }: { readonly quotas: Quotas }) {
  return (
    <Card title="Used today">
      <ul class="rows">
        {(["tokens", "rows", "jobs"] as const).map((kind) => {
          const { used, limit } = quotas[kind];
          return (
            <li key={kind}>
              <div class="row-main">
                <span>
                  {{ tokens: "Generated tokens", rows: "Uploaded rows", jobs: "Tuning jobs" }[kind]}
                </span>
                <span class="muted">
                  {count(used)} of {count(limit)}
                </span>
              </div>
              <Meter share={limit === 0 ? 1 : used / limit} label={`${kind} used today`} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
