import type { Experiment } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
import { ListTable } from "../components/list-table.tsx";
import { QueryView } from "../components/query-view.tsx";
import { words } from "../format.ts";

const EVERY_MS = 5000;

/** All experiments, newest first. */
export function Experiments() {
  const experiments = useQuery(
    "experiments",
    (api) => api.list<Experiment>("/v1/experiments", 300),
    EVERY_MS,
  );
  return (
    <>
      <PageHeader title="Experiments" about="Models compared on real requests, under one name.">
        <LinkButton href="/experiments/new" kind="primary">
          New experiment
        </LinkButton>
      </PageHeader>
      <QueryView query={experiments}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="No experiment yet">
              <p>
                Give two models a name of their own. Callers send that name as the model, each user gets one
                of them, and you see which one serves your users better.
              </p>
              <LinkButton href="/experiments/new" kind="primary">
                Start the first one
              </LinkButton>
            </Empty>
          ) : (
            <ListTable
              caption="Experiments, newest first"
              rows={found}
              keyOf={({ id }) => id}
              name={({ id, name }) => ({ href: `/experiments/${id}`, text: name })}
              columns={[
                { title: "State", cell: ({ status }) => <Badge state={status} /> },
                { title: "Verdict", cell: ({ verdict }) => (verdict === null ? "–" : words(verdict)) },
                { title: "Policy", cell: ({ policy }) => words(policy.type) },
                { title: "Variants", cell: ({ variants }) => variants.map(({ key }) => key).join(", ") },
                { title: "Created", cell: ({ created_at: time }) => <Time seconds={time} /> },
              ]}
            />
          )
        }
      </QueryView>
    </>
  );
}
