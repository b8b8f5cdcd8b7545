import { useLocation, useRoute } from "preact-iso";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import { jobName } from "../api/names.ts";
import type { Dataset, Job } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { allSteps, reportedSteps, type Step } from "../api/steps.ts";
import { useJobEvents } from "../api/use-job-events.ts";
import { useQuery } from "../api/use-query.ts";
import {
  Badge,
  Button,
  Card,
  ErrorNote,
  LinkButton,
  PageHeader,
  Skeleton,
  Stat,
  Stats,
  Time,
} from "../components/basics.tsx";
import { Copy } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { JobEvents } from "../components/job-events.tsx";
import { isUnderWay, JobProgressLine } from "../components/job-progress.tsx";
import { LossPlot } from "../components/loss-plot.tsx";
import { QueryView } from "../components/query-view.tsx";
import { ScoreTable } from "../components/score-table.tsx";
import { Details, settingsOf } from "../components/settings-list.tsx";
import { SpeedPlot } from "../components/speed-plot.tsx";
import { count, decimal, duration } from "../format.ts";

const EVERY_MS = 1000;

/** One job, live while it runs. */
export function JobPage() {
  const id = useRoute().params["id"] ?? "";
  const { route } = useLocation();
  const api = useApi();
  const [asking, setAsking] = useState(false);
  const [isLive, setLive] = useState(true);
  const every = isLive ? EVERY_MS : null;
  const query = useQuery(
    `job ${id}`,
    async (from) => {
      const job = await from.get<Job>(`/v1/fine_tuning/jobs/${id}`);
      setLive(isUnderWay(job));
      return job;
    },
    every,
  );
  const events = useJobEvents(id, every);
  // The last ones may have been written since they were fetched last.
  useEffect(() => {
    if (!isLive) void events.refresh();
  }, [isLive, events.refresh]);
  const job = query.data;
  const result = useQuery(`steps ${id} ${job?.result_files[0]}`, async (from) =>
    job ? allSteps(from, job) : null,
  );
  const reported = useMemo(() => reportedSteps(events.data ?? []), [events.data]);
  const steps = result.data ?? reported;
  const runs = useMemo(() => [{ name: "This run", steps }], [steps]);
  const file = job?.training_file;
  const dataset = useQuery(`dataset ${file}`, async (from) =>
    file === undefined ? undefined : from.get<Dataset>(`/v1/datasets/${file}`),
  );
  const cancel = useAction(async () => {
    await api.send("POST", `/v1/fine_tuning/jobs/${id}/cancel`);
    setAsking(false);
    await Promise.all([query.refresh(), events.refresh()]);
  });
  const retry = useAction(async () => {
    if (job) route(`/jobs/${(await api.send<Job>("POST", "/v1/fine_tuning/jobs", again(job))).id}`);
  });
  const name = job && jobName(job, dataset.data ? [dataset.data] : []);

  return (
    <>
      <PageHeader
        title={name ?? "Tuning job"}
        back={{ href: "/jobs", text: "Tuning jobs" }}
        about={
          job && (
            <>
              <Badge state={job.status} /> <Copy text={job.id} />
            </>
          )
        }
      >
        {job && isUnderWay(job) && (
          <Button kind="danger" onClick={() => setAsking(true)}>
            Cancel
          </Button>
        )}
        {job && !isUnderWay(job) && (
          <Button busy={retry.busy} onClick={() => void retry.run()}>
            {job.status === "succeeded" ? "Run again" : "Retry"}
          </Button>
        )}
        {job?.fine_tuned_model != null && (
          <LinkButton kind="primary" href={`/playground?model=${encodeURIComponent(job.fine_tuned_model)}`}>
            Try it
          </LinkButton>
        )}
      </PageHeader>
      {asking && (
        <Confirm
          title="Cancel this job?"
          verb="Cancel the job"
          danger
          action={cancel}
          onClose={() => setAsking(false)}
        >
          <p>What was tuned so far is dropped. You can start it again later, from the beginning.</p>
        </Confirm>
      )}
      <ErrorNote error={retry.error} />
      <QueryView query={query} height={480}>
        {(found) => (
          <div class="stack">
            {found.error && <p class="note bad">{found.error.message}</p>}
            {isUnderWay(found) && <JobProgressLine job={found} />}
            <JobStats job={found} last={steps.findLast(({ train_loss: loss }) => loss !== null)} />
            <Card title="Loss" aside="lower is better">
              {steps.length > 0 ? <LossPlot runs={runs} /> : <NoSteps isLive={isUnderWay(found)} />}
            </Card>
            {found.foreword.evaluation && <ScoreTable evaluation={found.foreword.evaluation} />}
            <div class="columns">
              <Speed steps={reported} isLive={isUnderWay(found)} />
              <Card title="Settings">
                <Details
                  entries={[
                    [
                      "Dataset",
                      <a href={`/datasets/${found.training_file}`}>
                        {dataset.data?.name ?? found.training_file}
                      </a>,
                    ],
                    ["Created", <Time seconds={found.created_at} />],
                    ...settingsOf(found),
                  ]}
                />
              </Card>
            </div>
            <Card title="Events">
              <QueryView query={events} height={120}>
                {(all) => <JobEvents events={all} />}
              </QueryView>
            </Card>
          </div>
        )}
      </QueryView>
    </>
  );
}

function JobStats({ job, last }: { readonly job: Job; readonly last: Step | undefined }) {
  const { progress, tuning_seconds: took, steps } = job.foreword;
  const live = isUnderWay(job);
  const overall = job.trained_tokens !== null && took ? job.trained_tokens / took : null;
  const speed = progress?.tokens_per_second ?? overall;
  return (
    <Stats>
      <Stat
        name="Loss"
        value={decimal(last?.train_loss)}
        note={progress?.valid_loss == null ? "" : `${decimal(progress.valid_loss)} on validation rows`}
      />
      <Stat name="Speed" value={speed === null ? "–" : count(speed)} note="tokens/s" />
      <Stat name={live ? "Time left" : "Took"} value={duration(live ? progress?.seconds_left : took)} />
      <Stat
        name="Steps"
        value={count(steps ?? progress?.step ?? 0)}
        note={
          job.trained_tokens === null
            ? `of ${count(progress?.total_steps ?? 0)}`
            : `${count(job.trained_tokens)} tokens`
        }
      />
    </Stats>
  );
}

function NoSteps({ isLive }: { readonly isLive: boolean }) {
  return isLive ? <Skeleton height={300} /> : <p class="muted">This job ended before its first step.</p>;
}

function Speed({ steps, isLive }: { readonly steps: readonly Step[]; readonly isLive: boolean }) {
  return (
    <Card title="Speed" aside="tokens per second">
      {steps.length > 0 && <SpeedPlot steps={steps} />}
      {steps.length === 0 &&
        (isLive ? <Skeleton height={160} /> : <p class="muted">Over before it was measured.</p>)}
    </Card>
  );
}

/** The request for a job with the same settings. */
function again({ id, model, training_file, validation_file, seed, foreword }: Job) {
  const { base_model: _base, suffix, seed: _seed, ...settings } = foreword.settings;
  return {
    model,
    training_file,
    seed,
    metadata: { retry_of: id },
    foreword: settings,
    ...(suffix === undefined ? {} : { suffix }),
    ...(validation_file === null ? {} : { validation_file }),
  };
}
