import type { Prompt } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { Card, Empty, LinkButton, PageHeader, Time } from "../components/basics.tsx";
import { Gain } from "../components/gain.tsx";
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
            <Card>
              <table class="table-list">
                <caption class="sr-only">Soft prompts, newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Base model → tuned</th>
                    <th scope="col">Base model</th>
                    <th scope="col">Method</th>
                    <th scope="col" class="number">
                      Virtual tokens
                    </th>
                    <th scope="col">Created</th>
                  </tr>
                </thead>
                <tbody>
                  {found.map((prompt) => (
                    <tr key={prompt.id}>
                      <th scope="row">
                        <a href={`/prompts/${prompt.id}`}>{shortModel(prompt.model)}</a>
                      </th>
                      <td data-label="Result">
                        <Gain evaluation={prompt.evaluation} />
                      </td>
                      <td data-label="Base model">{prompt.base_model}</td>
                      <td data-label="Method">{words(prompt.method)}</td>
                      <td data-label="Virtual tokens" class="number">
                        {prompt.virtual_tokens}
                      </td>
                      <td data-label="Created">
                        <Time seconds={prompt.created_at} />
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
