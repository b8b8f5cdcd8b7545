import { errorBody, ForewordError, InternalError } from "../../shared/errors.ts";

/** What a stream needs besides its events. */
export interface StreamHandlers {
  /** The reader is gone. */
  onCancel(): void;
  /** An error that the stream could only report inside itself. */
  onError(error: unknown): void;
}

/**
 * Server-sent events as OpenAI's API sends them: each value as `data: <JSON>`, then `data: [DONE]`. An error becomes an
 * event `{"error": ...}` and ends the stream. Values are asked for as they are read, and none ahead: each is on its way before the next is computed.
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventStream(
  events: AsyncGenerator<unknown, void, undefined>,
  handlers: StreamHandlers,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const send = (controller: ReadableStreamDefaultController<Uint8Array>, data: string) =>
    controller.enqueue(encoder.encode(`data: ${data}\n\n`));
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const event = await events.next();
          if (!event.done) {
            send(controller, JSON.stringify(event.value));
            return;
          }
          send(controller, "[DONE]");
        } catch (error) {
          handlers.onError(error);
          send(controller, JSON.stringify(errorBody(presentable(error))));
        }
        controller.close();
      },
      async cancel() {
        handlers.onCancel();
        await events.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Headers of such a stream; proxies must neither keep nor change it. */
export const eventStreamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

function presentable(error: unknown): ForewordError {
  if (error instanceof ForewordError) return error;
  return new InternalError("The server had an error while processing the request", {
    code: "internal_error",
    cause: error,
  });
}
