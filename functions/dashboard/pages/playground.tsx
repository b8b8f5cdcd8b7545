import { useLocation, useRoute } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, classify, noAnswer, type Question } from "../api/ask.ts";
import { useApi } from "../api/context.ts";
import type { Model } from "../api/types.ts";
import { useQuery } from "../api/use-query.ts";
import { AnswerPanel, emptySide, type Side } from "../components/answer-panel.tsx";
import { Button, Card, PageHeader } from "../components/basics.tsx";
import { Field } from "../components/field.tsx";
import { QueryView } from "../components/query-view.tsx";
import { RowPicker } from "../components/row-picker.tsx";

/** Ask a tuned model and its base model the same. `?model=` chooses. */
export function Playground() {
  const models = useQuery("models", async (api) => (await api.get<{ data: Model[] }>("/v1/models")).data);
  return (
    <>
      <PageHeader title="Playground" about="The same question to a tuned model and to its base model." />
      <QueryView query={models} height={480}>
        {(found) => <Bench models={found} />}
      </QueryView>
    </>
  );
}

function Bench({ models }: { readonly models: readonly Model[] }) {
  const api = useApi();
  const { route } = useLocation();
  const wanted = useRoute().query["model"];
  // Tuned models come newest first; without any, a base model answers alone.
  const model =
    models.find(({ id }) => id === wanted) ??
    models.find(({ base_model: base }) => base !== undefined) ??
    models[0];
  const base = models.find(({ id }) => id === model?.base_model);
  const [text, setText] = useState("");
  const [mode, setMode] = useState<Question["mode"]>();
  const [maxTokens, setMaxTokens] = useState(32);
  const [temperature, setTemperature] = useState(0);
  const [sides, setSides] = useState<readonly [Side, Side]>([emptySide, emptySide]);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  // A message to a model that was tuned on labelled texts is written as its rows were.
  const usual = model?.row_format === "completion" ? "complete" : "chat";
  const question = { mode: mode ?? usual, text, maxTokens, temperature } as const;

  const update = (which: 0 | 1, change: Partial<Side>) =>
    setSides((both) => [
      which === 0 ? { ...both[0], ...change } : both[0],
      which === 1 ? { ...both[1], ...change } : both[1],
    ]);
  const askOne = async (which: 0 | 1, asked: Model, signal: AbortSignal) => {
    update(which, { answer: noAnswer, scores: null, error: undefined });
    try {
      for await (const answer of ask(api, asked.id, question, signal)) update(which, { answer });
      if (model?.labels) update(which, { scores: await classify(api, asked, text, model) });
    } catch (error) {
      if (signal.aborted) return;
      update(which, { error: error instanceof Error ? error : new Error(String(error)), answer: null });
    }
  };
  const run = async () => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    setBusy(true);
    await Promise.all([
      base ? askOne(0, base, signal) : undefined,
      model ? askOne(1, model, signal) : undefined,
    ]);
    if (!signal.aborted) setBusy(false);
  };
  const stop = () => {
    running.current?.abort();
    setBusy(false);
    setSides(([a, b]) => [finished(a), finished(b)]);
  };

  return (
    <div class="stack">
      <Card>
        <form
          class="question"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <div class="fields">
            <Field label="Model">
              {(ids) => (
                <select
                  {...ids}
                  value={model?.id}
                  onChange={(event) => {
                    setSides([emptySide, emptySide]);
                    route(`/playground?model=${encodeURIComponent(event.currentTarget.value)}`, true);
                  }}
                >
                  {models.map(({ id }) => (
                    <option key={id}>{id}</option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="As">
              {(ids) => (
                <select
                  {...ids}
                  value={question.mode}
                  onChange={(event) => setMode(event.currentTarget.value === "chat" ? "chat" : "complete")}
                >
                  <option value="complete">Text to complete</option>
                  <option value="chat">Chat message</option>
                </select>
              )}
            </Field>
            <Field label="Most tokens">
              {(ids) => (
                <input
                  {...ids}
                  type="number"
                  min={1}
                  max={512}
                  value={maxTokens}
                  onInput={(event) => setMaxTokens(event.currentTarget.valueAsNumber)}
                />
              )}
            </Field>
            <Field label="Temperature">
              {(ids) => (
                <input
                  {...ids}
                  type="number"
                  min={0}
                  max={2}
                  step={0.1}
                  value={temperature}
                  onInput={(event) => setTemperature(event.currentTarget.valueAsNumber)}
                />
              )}
            </Field>
          </div>
          <Field label={question.mode === "chat" ? "Message" : "Text"}>
            {(ids) => (
              <textarea
                {...ids}
                rows={6}
                required
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void run();
                }}
              />
            )}
          </Field>
          <div class="actions">
            <Button kind="primary" type="submit" busy={busy} disabled={text === ""}>
              {base ? "Ask both" : "Ask"}
            </Button>
            {busy && <Button onClick={stop}>Stop</Button>}
            <RowPicker model={model} onPick={setText} />
            <small class="muted wide-only">Ctrl + Enter asks too</small>
          </div>
        </form>
      </Card>
      <div class="columns">
        {base && <AnswerPanel title="Base model" model={base.id} side={sides[0]} series={4} />}
        {model && (
          <AnswerPanel
            title={base ? "With the soft prompt" : "Base model"}
            model={model.id}
            side={sides[1]}
            series={0}
          />
        )}
      </div>
    </div>
  );
}

function finished(side: Side): Side {
  return side.answer ? { ...side, answer: { ...side.answer, done: true } } : side;
}
