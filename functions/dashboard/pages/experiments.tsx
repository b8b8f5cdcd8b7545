import type { Experiment } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Badge, Card, Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
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
            <Card>
              <table class="table-list">
                <caption class="sr-only">Experiments, newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">State</th>
                    <th scope="col">Verdict</th>
                    <th scope="col">Policy</th>
                    <th scope="col">Variants</th>
                    <th scope="col">Created</th>
                  </tr>
                </thead>
                <tbody>
                  {found.map(({ id, name, status, verdict, policy, variants, created_at: time }) => (
                    <tr key={id}>
                      <th scope="row">
                        <a href={`/experiments/${id}`}>{name}</a>
                      </th>
                      <td data-label="State">
                        <Badge state={status} />
                      </td>
                      <td data-label="Verdict">{verdict === null ? "–" : words(verdict)}</td>
                      <td data-label="Policy">{words(policy.type)}</td>
                      <td data-label="Variants">{variants.map(({ key }) => key).join(", ")}</td>
                      <td data-label="Created">
                        <Time seconds={time} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Card>
          )
        }
      </QueryView>
    </>
  );
}
