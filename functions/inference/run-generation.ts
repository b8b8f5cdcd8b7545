import type { Sequence } from "../../shared/ports/inference-engine.ts";
import { generate, type GeneratedToken, type GenerationEvent, type GenerationSettings } from "./generate.ts";
import { logprobOf, logSumExp, topLogprobs } from "./log-probabilities.ts";
import { prefill, prefillWithLogits } from "./prefill.ts";
import type { Session } from "./session.ts";

export interface GenerationRequest {
  /** One or more inputs, each of at least one token; the answers are in order of input, then of choice. */
  readonly inputs: readonly (readonly number[])[];
  /** Answers to each input. */
  readonly choices: number;
  /** Give each input back in front of its answers, with log-probabilities where those are asked for. */
  readonly echo: boolean;
  readonly settings: GenerationSettings;
}

/** A token of the input as the model saw it coming. */
export type TokenWithTop = Omit<GeneratedToken, "offset">;

/** What happens in answer number `index`; `prefilled` says that an input is read and its first answer begins. */
export type RunEvent =
  | { readonly type: "prefilled"; readonly index: number }
  | {
      readonly type: "echo";
      readonly index: number;
      readonly ids: readonly number[];
      readonly tokens: readonly (TokenWithTop | null)[];
    }
  | (GenerationEvent & { readonly index: number });

/**
 * Reads each input once and generates its answers one after another. Whoever stops listening before the end must close
 * the session; `return` on the generator does not.
 */
export async function* runGeneration(
  session: Session,
  request: GenerationRequest,
): AsyncGenerator<RunEvent, void, undefined> {
  const { settings } = request;
  const { turns, model } = session;
  const { tokenizer } = model;
  const context = model.manifest.architecture.contextLength;
  let index = 0;
  for (const ids of request.inputs) {
    const root = session.start();
    const { logits, tokens } = await session.timed("prefill", () => readInput(session, root, ids, request));
    session.count(ids.length);
    yield { type: "prefilled", index };
    for (let choice = 0; choice < request.choices; choice++, index++) {
      if (request.echo) yield { type: "echo", index, ids, tokens };
      if (settings.maxTokens === 0) {
        yield { type: "finish", reason: "length", tokens: 0, index };
        session.free(root);
        continue;
      }
      session.count(1);
      // The last answer may use up the input's own sequence.
      const sequence = choice === request.choices - 1 ? root : session.fork(root);
      const stopClock = session.startClock("decode");
      for await (const event of generate(turns, sequence, logits, tokenizer, context, ids, index, settings))
        yield { ...event, index };
      stopClock();
      session.free(sequence);
    }
  }
}

async function readInput(
  session: Session,
  root: Sequence,
  ids: readonly number[],
  { echo, settings }: GenerationRequest,
) {
  const count = settings.topLogprobs;
  if (!echo || count === null)
    return { logits: await prefill(session.turns, root, ids), tokens: ids.map(() => null) };
  // Nothing comes before the first token, so it has no probability.
  const tokens: (TokenWithTop | null)[] = [null];
  const logits = await prefillWithLogits(session.turns, root, ids, (position, row) => {
    const total = logSumExp(row);
    const id = ids[position + 1] as number;
    tokens.push({ id, logprob: logprobOf(row, id, total), top: topLogprobs(row, count, total) });
  });
  return { logits, tokens };
}
