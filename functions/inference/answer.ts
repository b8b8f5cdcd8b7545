import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { watchAnswer } from "../experiments/watch-answer.ts";
import type { AppEnv } from "../http/app-env.ts";
import { eventStream, eventStreamHeaders } from "./event-stream.ts";
import type { ResolvedModel } from "./model-resolver.ts";
import { pause } from "./pause.ts";
import { CallerGoneError, requestLifetime } from "./request-lifetime.ts";
import { runGeneration, type GenerationRequest, type RunEvent } from "./run-generation.ts";
import { serverTiming } from "./server-timing.ts";
import { inferenceOf } from "./service.ts";
import type { Session } from "./session.ts";

type Events = AsyncGenerator<RunEvent, void, undefined>;

/** Runs a request to its end and gives what `gather` makes of it. Sets the `server-timing` header. */
export async function answerWhole<T>(
  c: Context<AppEnv>,
  deps: Deps,
  model: ResolvedModel,
  request: GenerationRequest,
  gather: (events: Events, session: Session) => Promise<T>,
): Promise<T> {
  const session = await inferenceOf(deps).open(model, requestLifetime(c), tokensNeeded(request));
  try {
    const answer = await gather(watchAnswer(c, request, runGeneration(session, request)), session);
    c.header("server-timing", serverTiming(session.timings));
    return answer;
  } finally {
    session.close();
  }
}

/**
 * Streams a request's answer as server-sent events. The response begins once the first input is read, so whatever goes
 * wrong before that is an ordinary error response, and the `server-timing` header tells the time until then.
 */
export async function answerStream(
  c: Context<AppEnv>,
  deps: Deps,
  model: ResolvedModel,
  request: GenerationRequest,
  toChunks: (events: Events, session: Session) => AsyncGenerator<unknown, void, undefined>,
): Promise<Response> {
  const lifetime = requestLifetime(c);
  const session = await inferenceOf(deps).open(model, lifetime, tokensNeeded(request));
  const events = watchAnswer(c, request, runGeneration(session, request));
  let first: IteratorResult<RunEvent, void>;
  try {
    first = await events.next();
  } catch (error) {
    session.close();
    throw error;
  }
  const chunks = closing(toChunks(startingWith(first, events), session), session);
  const requestId = c.get("requestId");
  const stream = eventStream(chunks, {
    onCancel() {
      lifetime.abort();
      session.close();
    },
    onError(error) {
      session.close();
      if (error instanceof CallerGoneError) return;
      deps.log({ level: "error", message: "A streamed answer broke off", error: String(error), requestId });
    },
  });
  return c.body(stream, 200, { ...eventStreamHeaders, "server-timing": serverTiming(session.timings) });
}

async function* startingWith(first: IteratorResult<RunEvent, void>, rest: Events): Events {
  if (first.done) return;
  yield first.value;
  let isSent = false;
  for await (const event of rest) {
    yield event;
    if (isSent || event.type !== "text") continue;
    // Asked for more, so the first token is read: this turn of the event loop sends it.
    isSent = true;
    await pause();
  }
}

async function* closing<T>(
  values: AsyncGenerator<T, void, undefined>,
  session: Session,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* values;
  } finally {
    session.close();
  }
}

/** Tokens that a request's longest sequence may grow to; with several answers the input's own sequence stays beside. */
function tokensNeeded({ inputs, choices, settings }: GenerationRequest): number {
  const longest = Math.max(...inputs.map((ids) => ids.length));
  return (choices > 1 ? 2 : 1) * longest + settings.maxTokens;
}
