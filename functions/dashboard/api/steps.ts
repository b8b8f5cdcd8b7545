import type { Api } from "./client.ts";
import type { Job, JobEvent, JobProgress } from "./types.ts";

/** What is known of one step of a run. */
export type Step = Pick<JobProgress, "step" | "train_loss" | "valid_loss" | "tokens_per_second">;

/** What the trainer reported now and then; where an attempt went over a step again, the later report stands. */
export function reportedSteps(events: readonly JobEvent[]): Step[] {
  const steps = new Map<number, Step>();
  for (const { data } of events.toReversed()) if (data) steps.set(data.step, data);
  return [...steps.values()].toSorted((a, b) => a.step - b.step);
}

/** Every step of a run that has ended well, from its result file; null while there is none. */
export async function allSteps(api: Api, { result_files: [file] }: Job): Promise<Step[] | null> {
  if (file === undefined) return null;
  const [head = "", ...lines] = (await (await api.blob(`/v1/files/${file}/content`)).text())
    .trim()
    .split("\n");
  const columns = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const read = (column: string) => {
      const cell = cells[columns.indexOf(column)];
      return cell === undefined || cell === "" ? null : Number(cell);
    };
    return {
      step: read("step") ?? 0,
      train_loss: read("train_loss"),
      valid_loss: read("valid_loss"),
      tokens_per_second: read("tokens_per_second"),
    };
  });
}
