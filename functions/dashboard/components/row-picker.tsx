import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Model } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { Button, ErrorNote } from "./basics.tsx";

const ROWS = 50;

interface PreviewRow {
  readonly prompt?: string;
  readonly text?: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
}

/** Fills in a row of the dataset that a model was tuned on, another one with every press. */
export function RowPicker({
  model,
  onPick,
}: {
  readonly model: Model | undefined;
  onPick(text: string): void;
}) {
  const api = useApi();
  const [next, setNext] = useState(0);
  const dataset = model?.dataset_id;
  const pick = useAction(async () => {
    const { data } = await api.get<{ data: PreviewRow[] }>(`/v1/datasets/${dataset}/preview?limit=${ROWS}`);
    const row = data[next % data.length];
    setNext(next + 1);
    onPick(row?.prompt ?? row?.text ?? row?.messages?.find(({ role }) => role === "user")?.content ?? "");
  });
  if (dataset == null) return null;
  return (
    <>
      <Button busy={pick.busy} onClick={() => void pick.run()}>
        Use a row of its dataset
      </Button>
      <ErrorNote error={pick.error} />
    </>
  );
}
