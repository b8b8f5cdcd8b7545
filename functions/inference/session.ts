import { UnavailableError } from "../../shared/errors.ts";
import type { Prefix, Sequence } from "../../shared/ports/inference-engine.ts";
import type { LoadedModel } from "../deps.ts";
import type { Admission } from "./admission.ts";
import type { Cancellation } from "./cancellation.ts";
import type { Turns } from "./generate.ts";
import { inferenceLimits } from "./limits.ts";
import type { Pace } from "./pace.ts";
import type { PrefixLease } from "./prefix-cache.ts";
import type { StepBatches } from "./step-batches.ts";
import type { TurnLock } from "./turn-lock.ts";

/** How long a request lives and who keeps the runtime from ending it. */
export interface Lifetime {
  /** Cancelled when the caller is gone. */
  readonly cancellation: Cancellation;
  /** Asks the runtime to let this finish even when the caller is gone, so that memory is freed in good order. */
  keepAlive(promise: Promise<unknown>): void;
  /** Takes note of the tokens that the request used. */
  spend(tokens: number): void;
}

/** Milliseconds that the parts of a request took. */
export interface Timings {
  queue: number;
  prefix: number;
  prefill: number;
  decode: number;
}

/** One request's work on a model: its place, its soft prompt, and every sequence that it opened. */
export interface Session {
  readonly model: LoadedModel;
  readonly turns: Turns;
  /** Virtual tokens in front of every sequence. */
  readonly prefixTokens: number;
  readonly timings: Timings;
  /** A new sequence after the soft prompt. */
  start(): Sequence;
  /** A copy of a sequence. */
  fork(sequence: Sequence): Sequence;
  /** Frees one sequence early. */
  free(sequence: Sequence): void;
  /** Counts tokens as used: those of an input, and an answer's first, which comes out of the input. */
  count(tokens: number): void;
  /** Adds the time until the function that it gives is called to one of the timings. */
  startClock(part: keyof Timings): () => void;
  /** Runs work and adds its time to one of the timings. */
  timed<T>(part: keyof Timings, work: () => Promise<T>): Promise<T>;
  /** Frees everything; more than once does no harm. */
  close(): void;
}

export interface SessionParts {
  readonly admission: Admission;
  readonly lock: TurnLock;
  readonly batches: StepBatches;
  readonly pace: Pace;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Bytes of keys and values that the request's sequences may grow to. */
  readonly bytes: number;
  readonly load: () => Promise<LoadedModel>;
  readonly usePrefix: (model: LoadedModel) => Promise<PrefixLease | null>;
}

/**
 * Waits for a place, then makes model and soft prompt ready. Throws UnavailableError when too many wait, the
 * reason of a cancellation, and what loading throws.
 */
export async function openSession(parts: SessionParts, lifetime: Lifetime): Promise<Session> {
  const { admission, lock, batches, pace, now } = parts;
  const timings: Timings = { queue: 0, prefix: 0, prefill: 0, decode: 0 };
  const startClock = (part: keyof Timings) => {
    const begin = now();
    return () => {
      timings[part] += now() - begin;
    };
  };
  const timed = async <T>(part: keyof Timings, work: () => Promise<T>): Promise<T> => {
    const stop = startClock(part);
    try {
      return await work();
    } finally {
      stop();
    }
  };
  const { cancellation } = lifetime;
  const ended = Promise.withResolvers<void>();
  lifetime.keepAlive(ended.promise);
  const sequences = new Set<Sequence>();
  const releases: (() => void)[] = [];
  const free = () => {
    for (const sequence of sequences) sequence.close();
    sequences.clear();
    for (const release of releases.splice(0)) release();
  };
  let tokens = 0;
  const close = () => {
    free();
    lifetime.spend(tokens);
    tokens = 0;
    ended.resolve();
  };

  /** Runs in another request, so it only frees memory; this request finds out by itself, if it still lives. */
  const onLost = () => {
    const reason = "This request gave no sign of life for too long";
    cancellation.cancel(new UnavailableError(reason, { code: "place_lost" }));
    free();
  };

  try {
    const place = await timed("queue", () => admission.enter(cancellation, parts.bytes, onLost));
    releases.push(() => place.leave());
    const model = await timed("prefix", parts.load);
    const lease = await timed("prefix", () => parts.usePrefix(model));
    if (lease) releases.push(() => lease.release());
    // The place may have been lost on the way: then everything was freed but what came after.
    cancellation.throwIfCancelled();
    const prefix: Prefix | undefined = lease?.prefix;
    place.renew();
    let time = now();
    const deadline = time + inferenceLimits.deadlineMilliseconds;
    // A Worker's clock stands still until the event loop turns, and reading it takes as long as picking a token.
    const lookAround = (hasTurned: boolean) => {
      cancellation.throwIfCancelled();
      if (!hasTurned) return;
      place.renew();
      time = now();
    };
    const isAlone = () => admission.counts().active === 1;
    const take = async <T>(step: () => Promise<T>, isLong = false): Promise<T> => {
      cancellation.throwIfCancelled();
      const result = await lock.run(step);
      lookAround(await pace(isLong || !isAlone()));
      return result;
    };
    const append: Turns["append"] = async (next, read) => {
      cancellation.throwIfCancelled();
      tokens++;
      // With nobody to share the step with, the shortest way: after a step all code is out of the processor's cache, and every line is dear.
      if (isAlone()) return take(async () => read(await next.sequence.append([next.id])));
      const { result, isShared } = await batches.append(model.engine, next, read);
      // Where others are at work beside it, the next step waits for them anyhow.
      lookAround(isShared || (await pace(!isAlone())));
      return result;
    };
    const keep = (sequence: Sequence) => {
      sequences.add(sequence);
      return sequence;
    };
    return {
      model,
      turns: { take, append, expired: () => time >= deadline },
      prefixTokens: prefix?.tokens ?? 0,
      timings,
      start: () => keep(model.engine.start(prefix)),
      fork: (sequence) => keep(sequence.fork()),
      free(sequence) {
        if (sequences.delete(sequence)) sequence.close();
      },
      count(more) {
        tokens += more;
      },
      startClock,
      timed,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
