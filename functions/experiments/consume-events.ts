import type { Deps } from "../deps.ts";
import type { QueueMessage } from "../events/consume-queue.ts";
import { countEvents } from "../records/outcomes.ts";
import { evaluateExperiment } from "./evaluate.ts";
import { experimentMessageSchema, type ExperimentEvent, type ExperimentMessage } from "./events.ts";
import { keepRawEvents } from "./raw-events.ts";
import { experimentsOf } from "./service.ts";

/** Seconds before a failed message is tried again. */
const RETRY_DELAY_SECONDS = 5;
/** Events counted in one transaction: their JSON stays well below D1's 2 MB for a value. */
const EVENTS_PER_TRANSACTION = 4000;

/**
 * Records exposures and outcomes, then looks at once whether they show harm. Messages that cannot be read go their way to
 * the dead letters and hold up nobody; when counting fails, the whole delivery comes again and is counted once all the same.
 */
export async function consumeExperimentEvents(deps: Deps, messages: readonly QueueMessage[]): Promise<void> {
  const readable: { message: QueueMessage; content: ExperimentMessage }[] = [];
  for (const message of messages) {
    const content = experimentMessageSchema.safeParse(message.body);
    if (content.success) readable.push({ message, content: content.data });
    else {
      deps.log({ level: "error", message: "Experiment events are malformed", error: content.error.message });
      message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
    }
  }
  if (readable.length === 0) return;
  try {
    await recordEvents(
      deps,
      readable.map(({ content }) => content),
    );
    for (const { message } of readable) message.ack();
  } catch (error) {
    deps.log({ level: "error", message: "Experiment events failed", error: String(error) });
    for (const { message } of readable) message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
  }
}

/** Keeps messages' events in the bucket, counts them, and looks at the canaries that they are about. */
export async function recordEvents(deps: Deps, messages: readonly ExperimentMessage[]): Promise<void> {
  await keepRawEvents(deps, messages);
  const events = messages.flatMap((message) => message.events);
  for (let i = 0; i < events.length; i += EVENTS_PER_TRANSACTION) {
    await countEvents(deps.database, events.slice(i, i + EVENTS_PER_TRANSACTION), deps.now());
  }
  await watchGuardrails(deps, events);
}

/** Canaries that got news are looked at now: the next scheduled look may be a minute of harm away. */
async function watchGuardrails(deps: Deps, events: readonly ExperimentEvent[]): Promise<void> {
  const touched = new Set(events.flatMap(({ experiment }) => experiment ?? []));
  for (const id of touched) {
    const record = await experimentsOf(deps).records.load(id);
    if (record?.status !== "running" || record.definition.policy.type !== "canary") continue;
    try {
      await evaluateExperiment(deps, record);
    } catch (error) {
      // What was counted is counted; the scheduled look comes within a minute.
      deps.log({ level: "error", message: "Evaluation failed", experiment: id, error: String(error) });
    }
  }
}
