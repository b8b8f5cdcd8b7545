import type { FinishReason } from "../../shared/contracts/generation.ts";
import type { NextToken, Sequence } from "../../shared/ports/inference-engine.ts";
import { createRandom } from "../../shared/random.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { logSumExp, topLogprobs, type TokenLogprob } from "./log-probabilities.ts";
import { createSampler, type SamplingSettings, type TokenFilter } from "./sampling.ts";
import { createStopMatcher } from "./stop-sequences.ts";
import { createTextStream } from "./text-stream.ts";

/** Follows the tokens of one answer and says which may come next. */
export interface TokenConstraint extends TokenFilter {
  accept(id: number): void;
}

export interface GenerationSettings {
  readonly sampling: SamplingSettings;
  readonly seed: number;
  /** At most this many tokens, the end token included. */
  readonly maxTokens: number;
  readonly stops: readonly string[];
  /** Likeliest tokens to list with each token; null for no log-probabilities at all. */
  readonly topLogprobs: number | null;
  readonly dropLeadingSpace: boolean;
  /** Give text as it comes; otherwise in one piece at the end, which spares every token its way out. */
  readonly isStreamed: boolean;
  /** A fresh constraint for each answer. */
  readonly constrain?: (() => TokenConstraint) | undefined;
}

/** How a request shares the engine with others. */
export interface Turns {
  /**
   * Runs one step on the engine alone; what it returns must outlast the steps of others. They have their turn after a
   * long step, and now and then after short ones. Throws once the request is aborted.
   */
  take<T>(step: () => Promise<T>, isLong?: boolean): Promise<T>;
  /**
   * Appends a token and gives what `read` makes of the logits, which it must not keep. Steps of several requests may be
   * computed together. Throws as `take` does.
   */
  append<T>(next: NextToken, read: (logits: Float32Array) => T): Promise<T>;
  /** The time for this request is over. */
  expired(): boolean;
}

export interface GeneratedToken extends TokenLogprob {
  /** Where its text begins in the answer, in UTF-16 code units. */
  readonly offset: number;
  readonly top: readonly TokenLogprob[];
}

export type GenerationEvent =
  | { readonly type: "text"; readonly text: string; readonly tokens: readonly GeneratedToken[] }
  | { readonly type: "finish"; readonly reason: FinishReason; readonly tokens: number };

/**
 * Decodes one answer token by token. Streamed text comes as soon as it is certain: at character boundaries, and once it can no
 * longer become a stop sequence; each token comes with the first of its text. The last event is `finish`: "stop" at an end
 * token or stop sequence, "length" at `maxTokens`, at the end of the context or when the time is over.
 *
 * @param sequence the input is in its cache
 * @param logits `[vocabulary]` at the end of the input; read before anything is appended
 * @param contextLength tokens that the sequence may hold
 */
export async function* generate(
  turns: Turns,
  sequence: Sequence,
  logits: Float32Array,
  tokenizer: TextTokenizer,
  contextLength: number,
  promptIds: readonly number[],
  choice: number,
  settings: GenerationSettings,
): AsyncGenerator<GenerationEvent, void, undefined> {
  const constraint = settings.constrain?.();
  const sampler = createSampler(
    settings.sampling,
    createRandom(answerSeed(settings.seed, choice)),
    promptIds,
  );
  const pick = (from: Float32Array): Omit<GeneratedToken, "offset"> => {
    const id = sampler.next(from, constraint);
    constraint?.accept(id);
    if (settings.topLogprobs === null) return { id, logprob: 0, top: [] };
    const total = logSumExp(from);
    return { id, logprob: (from[id] as number) - total, top: topLogprobs(from, settings.topLogprobs, total) };
  };
  const output = createOutput(tokenizer, settings);
  let token = pick(logits);
  for (let count = 1; ; count++) {
    if (tokenizer.specialTokens.end.includes(token.id)) {
      yield* output.end();
      yield { type: "finish", reason: "stop", tokens: count };
      return;
    }
    const { event, stopped } = output.push(token);
    if (event) yield event;
    if (stopped) {
      yield { type: "finish", reason: "stop", tokens: count };
      return;
    }
    if (count >= settings.maxTokens || sequence.length >= contextLength || turns.expired()) {
      yield* output.end();
      yield { type: "finish", reason: "length", tokens: count };
      return;
    }
    const { id } = token;
    token = await turns.append({ sequence, id }, pick);
  }
}

/** Several answers to one prompt differ, and each is the same again for the same seed. */
function answerSeed(seed: number, choice: number): number {
  const [low, high] = [seed | 0, Math.floor(seed / 2 ** 32) | 0];
  return low ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(choice, 0x9e3779b1);
}

/** From tokens to what callers may see. */
interface Output {
  /** Takes a token; gives what can be shown by now, if anything, and whether a stop sequence has come. */
  push(token: Omit<GeneratedToken, "offset">): {
    readonly event: GenerationEvent | undefined;
    readonly stopped: boolean;
  };
  /** What is left at the end. */
  end(): Iterable<GenerationEvent>;
}

function createOutput(tokenizer: TextTokenizer, settings: GenerationSettings): Output {
  const isReadAsItComes = settings.isStreamed || settings.stops.length > 0 || settings.topLogprobs !== null;
  return isReadAsItComes
    ? createGrowingOutput(tokenizer, settings)
    : createWholeOutput(tokenizer, settings.dropLeadingSpace);
}

const NOTHING_YET = { event: undefined, stopped: false };

/** For answers that nobody reads as they come: decoded once, at the end. */
function createWholeOutput(tokenizer: TextTokenizer, dropLeadingSpace: boolean): Output {
  const tokens: GeneratedToken[] = [];
  return {
    push(token) {
      tokens.push({ ...token, offset: 0 });
      return NOTHING_YET;
    },
    *end() {
      if (tokens.length === 0) return;
      const text = tokenizer.decode(tokens.map(({ id }) => id));
      yield { type: "text", text: dropLeadingSpace ? withoutLeadingSpace(text) : text, tokens };
    },
  };
}

/** For answers that are read, or looked through for stop sequences, token by token. */
function createGrowingOutput(tokenizer: TextTokenizer, settings: GenerationSettings): Output {
  const { isStreamed } = settings;
  const stream = createTextStream(tokenizer);
  const stop = createStopMatcher(settings.stops);
  /** Tokens not shown yet. */
  const held: GeneratedToken[] = [];
  let decoded = 0;
  let shown = 0;
  let dropSpace = settings.dropLeadingSpace;

  let next = { text: "", tokens: [] as GeneratedToken[] };

  /** At the end all tokens are shown; at a stop sequence it is the last piece too, without the sequence's own tokens. */
  const show = (text: string, isEnd: boolean, isLast = isEnd): GenerationEvent | undefined => {
    shown += text.length;
    const waiting = isEnd ? -1 : held.findIndex(({ offset }) => offset >= shown);
    next.tokens.push(...held.splice(0, waiting < 0 ? held.length : waiting));
    next.text += dropSpace ? withoutLeadingSpace(text) : text;
    if (text !== "") dropSpace = false;
    const isReady = isStreamed || isLast;
    if (!isReady || (next.text === "" && next.tokens.length === 0)) return undefined;
    const event = { type: "text" as const, ...next };
    next = { text: "", tokens: [] };
    return event;
  };
  return {
    push(token) {
      held.push({ ...token, offset: decoded });
      const text = stream.push(token.id);
      decoded += text.length;
      const { text: visible, stopped } = stop.push(text);
      return { event: show(visible, false, stopped), stopped };
    },
    *end(): Generator<GenerationEvent> {
      const { text, stopped } = stop.push(stream.flush());
      const event = show(stopped ? text : text + stop.flush(), true);
      if (event) yield event;
    },
  };
}

function withoutLeadingSpace(text: string): string {
  return text.startsWith(" ") ? text.slice(1) : text;
}
