import type { Prompt } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
import { Gain } from "../components/gain.tsx";
import { ListTable } from "../components/list-table.tsx";
import { QueryView } from "../components/query-view.tsx";
import { shortModel, words } from "../format.ts";

const EVERY_MS = 5000;

/** The registry: every soft prompt that can be called. */
export function Prompts() {
  const prompts = useQuery("prompts", (api) => api.list<Prompt>("/v1/prompts", 300), EVERY_MS);
  return (
    <>
      <PageHeader
        title="Soft prompts"
        about="What tuning left behind: a few kilobytes in front of every input."
      >
        <LinkButton href="/playground">Open the playground</LinkButton>
      </PageHeader>
      <QueryView query={prompts}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="No soft prompt yet">
              <p>One appears here when a tuning job has succeeded.</p>
              <LinkButton href="/datasets" kind="primary">
                Upload a dataset
              </LinkButton>
            </Empty>
          ) : (
            <ListTable
              caption="Soft prompts, newest first"
              rows={found}
              keyOf={({ id }) => id}
              name={({ id, model }) => ({ href: `/prompts/${id}`, text: shortModel(model) })}
              columns={[
                { title: "Base model → tuned", cell: ({ evaluation }) => <Gain evaluation={evaluation} /> },
                { title: "Base model", cell: (prompt) => prompt.base_model },
                { title: "Method", cell: ({ method }) => words(method) },
                { title: "Virtual tokens", number: true, cell: (prompt) => prompt.virtual_tokens },
                { title: "Created", cell: ({ created_at: time }) => <Time seconds={time} /> },
              ]}
            />
          )
        }
      </QueryView>
    </>
  );
}
