import { useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import type { Experiment, ExperimentChange, Results, TimelineDay } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, PageHeader, Time } from "../components/basics.tsx";
import { Copy } from "../components/copy.tsx";
import { AuditTrail, Decisions } from "../components/experiment-history.tsx";
import { ExperimentActions } from "../components/experiment-actions.tsx";
import { HowToCall } from "../components/how-to-call.tsx";
import { MetricCard } from "../components/metric-card.tsx";
import { QueryView } from "../components/query-view.tsx";
import { Traffic } from "../components/traffic.tsx";
import { SampleRatioWarning, Verdict } from "../components/verdict.tsx";
import { words } from "../format.ts";

const EVERY_MS = 3000;

/** One experiment: whether its numbers can be trusted, what they say, and what to do about it. */
export function ExperimentPage() {
  const id = useRoute().params["id"] ?? "";
  const [isLive, setLive] = useState(true);
  const query = useQuery(
    `experiment ${id}`,
    async (api) => {
      const path = `/v1/experiments/${id}`;
      const [experiment, results, timeline, history] = await Promise.all([
        api.get<Experiment>(path),
        api.get<Results>(`${path}/results`),
        api.get<{ data: TimelineDay[] }>(`${path}/timeline`),
        api.get<{ data: ExperimentChange[] }>(`${path}/history`),
      ]);
      setLive(experiment.status === "running");
      return { experiment, results, timeline: timeline.data, history: history.data };
    },
    isLive ? EVERY_MS : null,
  );
  const experiment = query.data?.experiment;

  return (
    <>
      <PageHeader
        title={experiment?.name ?? "Experiment"}
        back={{ href: "/experiments", text: "Experiments" }}
        about={
          experiment && (
            <>
              <Badge state={experiment.status} /> <span>{words(experiment.policy.type)}</span>{" "}
              {experiment.started_at !== null && (
                <span>
                  started <Time seconds={experiment.started_at} />
                </span>
              )}{" "}
              <Copy text={experiment.id} />
            </>
          )
        }
      >
        {experiment && <ExperimentActions experiment={experiment} onChanged={query.refresh} />}
      </PageHeader>
      <QueryView query={query} height={480}>
        {(found) => <Report {...found} />}
      </QueryView>
    </>
  );
}

function Report({
  experiment,
  results,
  timeline,
  history,
}: {
  readonly experiment: Experiment;
  readonly results: Results;
  readonly timeline: readonly TimelineDay[];
  readonly history: readonly ExperimentChange[];
}) {
  const declared = results.metrics.filter(({ role }) => role !== "secondary");
  const others = results.metrics.filter(({ role }) => role === "secondary");
  const units = results.variants.reduce((sum, variant) => sum + variant.units, 0);
  return (
    <div class="stack">
      <SampleRatioWarning experiment={experiment} results={results} />
      <Verdict results={results} />
      <Traffic experiment={experiment} results={results} />
      {units === 0 && <HowToCall experiment={experiment} />}
      {declared.map((metric) => (
        <MetricCard key={metric.key} metric={metric} timeline={timeline} results={results} />
      ))}
      {others.length > 0 && (
        <details class="more">
          <summary>{others.length} more metrics</summary>
          <div class="stack">
            {others.map((metric) => (
              <MetricCard key={metric.key} metric={metric} timeline={timeline} results={results} />
            ))}
          </div>
        </details>
      )}
      <div class="columns">
        <Card title="Decisions" aside="by the policy and by people">
          <Decisions history={history} />
        </Card>
        <Card title="Audit trail" aside="who changed what">
          <AuditTrail history={history} />
        </Card>
      </div>
      {units > 0 && <HowToCall experiment={experiment} />}
    </div>
  );
}
