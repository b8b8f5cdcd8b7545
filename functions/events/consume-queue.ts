import type { Deps } from "../deps.ts";
import { bucketEventSchema, notificationSchema, type BucketEvent } from "./bucket-event.ts";
import { createDeadLetters } from "../records/dead-letters.ts";
import { handleBucketEvent } from "./handle-bucket-event.ts";

/** What we need of a queue's message: Cloudflare's own type has these. */
export interface QueueMessage {
  readonly body: unknown;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

/** Seconds before a failed message is tried again: a bucket or database that hiccups is back by then. */
const RETRY_DELAY_SECONDS = 5;

/** Handles bucket events one by one; a message that fails is tried again and does not hold up the others. */
export async function consumeBucketEvents(deps: Deps, messages: readonly QueueMessage[]): Promise<void> {
  for (const message of messages) {
    try {
      for (const event of parseQueueMessage(message.body)) await handleBucketEvent(deps, event);
      message.ack();
    } catch (error) {
      deps.log({
        level: "error",
        message: "Bucket event failed",
        error: error instanceof Error ? error.stack : String(error),
      });
      message.retry({ delaySeconds: RETRY_DELAY_SECONDS });
    }
  }
}

/** Keeps what no retry could deliver, so that it can be seen and sent again. */
export async function keepDeadLetters(deps: Deps, messages: readonly QueueMessage[]): Promise<void> {
  const letters = createDeadLetters(deps.database, deps.now);
  for (const message of messages) {
    const id = await letters.add(message.body);
    deps.log({ level: "error", message: "Message reached the dead-letter queue", deadLetter: id });
    message.ack();
  }
}

/** R2 puts its own shape on the queue, the API parsed events. Throws ZodError for anything else. */
export function parseQueueMessage(body: unknown): BucketEvent[] {
  const event = bucketEventSchema.safeParse(body);
  return event.success ? [event.data] : notificationSchema.parse(body);
}
