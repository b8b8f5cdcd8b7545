import { useLocation, useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Model, Prompt } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { useQuery } from "../api/use-query.ts";
import { Button, Card, ErrorNote, LinkButton, PageHeader, Stat, Stats, Time } from "../components/basics.tsx";
import { ConfusionMatrix } from "../components/confusion-matrix.tsx";
import { Copy } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Lineage } from "../components/lineage.tsx";
import { QueryView } from "../components/query-view.tsx";
import { ScoreTable } from "../components/score-table.tsx";
import { bytes, percent, shortModel, words } from "../format.ts";
import { saveAs } from "../save-as.ts";

/** One soft prompt: where it comes from, how good it is, and its files. */
export function PromptPage() {
  const id = useRoute().params["id"] ?? "";
  const { route } = useLocation();
  const api = useApi();
  const [asking, setAsking] = useState(false);
  const prompt = useQuery(`prompt ${id}`, (from) => from.get<Prompt>(`/v1/prompts/${id}`));
  const name = prompt.data?.model;
  const model = useQuery(`model ${name}`, async (from) =>
    name === undefined ? undefined : from.get<Model>(`/v1/models/${encodeURIComponent(name)}`),
  );
  const remove = useAction(async () => {
    await api.send("DELETE", `/v1/models/${encodeURIComponent(name ?? "")}`);
    route("/prompts");
  });
  return (
    <>
      <PageHeader
        title={name === undefined ? "Soft prompt" : shortModel(name)}
        back={{ href: "/prompts", text: "Soft prompts" }}
        about={name !== undefined && <Copy text={name} />}
      >
        <Button kind="quiet" onClick={() => setAsking(true)}>
          Delete
        </Button>
        {name !== undefined && (
          <LinkButton kind="primary" href={`/playground?model=${encodeURIComponent(name)}`}>
            Try it
          </LinkButton>
        )}
      </PageHeader>
      {asking && (
        <Confirm
          title="Delete this soft prompt?"
          verb="Delete the soft prompt"
          danger
          action={remove}
          onClose={() => setAsking(false)}
        >
          <p>Requests that name it will be answered with an error. Its dataset and job stay.</p>
        </Confirm>
      )}
      <QueryView query={prompt} height={480}>
        {(found) => (
          <div class="stack">
            <Lineage prompt={found} experiments={model.data?.experiments ?? []} />
            <Figures prompt={found} />
            {found.evaluation && (
              <div class="columns">
                <ScoreTable evaluation={found.evaluation} />
                {found.labels && <ConfusionMatrix labels={found.labels} scores={found.evaluation.tuned} />}
              </div>
            )}
            <Files prompt={found} />
          </div>
        )}
      </QueryView>
    </>
  );
}

function Figures({ prompt }: { readonly prompt: Prompt }) {
  const { evaluation } = prompt;
  const gain =
    evaluation?.tuned.accuracy == null || evaluation.base.accuracy === null
      ? null
      : evaluation.tuned.accuracy - evaluation.base.accuracy;
  return (
    <Stats>
      {gain !== null && (
        <Stat
          name="Accuracy"
          value={percent(evaluation?.tuned.accuracy)}
          note={`${(gain * 100).toFixed(1)} points above the base model`}
        />
      )}
      <Stat name="Method" value={<span class="small">{words(prompt.method)}</span>} />
      <Stat name="Virtual tokens" value={prompt.virtual_tokens} note="cost nothing per request" />
      <Stat
        name="Created"
        value={
          <span class="small">
            <Time seconds={prompt.created_at} />
          </span>
        }
      />
    </Stats>
  );
}

const FILES: Readonly<Record<string, string>> = {
  "adapter_config.json": "How Hugging Face PEFT is to read the vectors",
  "adapter_model.safetensors": "The vectors, as PEFT saves them",
  "prefix.safetensors": "Keys and values, as the edge loads them",
  "evaluation.json": "The scores above",
};

function Files({ prompt: { id, files } }: { readonly prompt: Prompt }) {
  const api = useApi();
  const download = useAction(async (file: string) =>
    saveAs(file, await api.blob(`/v1/prompts/${id}/files/${file}`)),
  );
  return (
    <Card title="Files" aside="also in the bucket">
      <ErrorNote error={download.error} />
      <ul class="rows">
        {files.map(({ name, bytes: size }) => (
          <li key={name} class="file">
            <div>
              <code>{name}</code>
              <small class="muted">{FILES[name]}</small>
            </div>
            <span class="muted">{bytes(size)}</span>
            <Button
              busy={download.busy}
              onClick={() => void download.run(name)}
              aria-label={`Download ${name}`}
            >
              Download
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
