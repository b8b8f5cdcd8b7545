import type { LeasedJob } from "../shared/contracts/job.ts";
import type { ModelManifest } from "../shared/contracts/model.ts";
import { InvalidDataError } from "../shared/errors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { createRandom, sampleBelow } from "../shared/random.ts";
import type { BaseModel } from "./base-model.ts";
import type { Provider } from "./choose-providers.ts";
import { chooseSettings, type ChosenSettings } from "./choose-settings.ts";
import type { TrainingData } from "./dataset.ts";
import { lazily } from "./lazy-list.ts";
import { packedLength, type TokenizedExample } from "./model/training-batch.ts";
import type { Precision } from "./onnx/session.ts";
import type { TuningModel } from "./tuning/prompt-objective.ts";
import type { TuningRun } from "./tuning/run-tuning.ts";
import { createStart } from "./tuning/start.ts";
import { splitValidation } from "./tuning/validation.ts";

/** Everything read and chosen, before the first step. */
export interface PreparedTuning extends Omit<TuningRun, "resume" | "progress" | "onState" | "signal"> {
  /** The base model as the job's rows see it without a prompt. */
  readonly bare: TuningModel;
}

export interface PrepareOptions {
  readonly store: ObjectStore;
  /** 0 takes every core. */
  readonly threads: number;
  readonly providers?: readonly Provider[] | undefined;
  readonly precision?: Precision | undefined;
  /** For benchmarks: choices that no user is offered. */
  readonly overrides?: Partial<ChosenSettings> | undefined;
}

/** Chooses settings, rows to stop by and a start for a job. Throws InvalidDataError for what cannot be tuned. */
export async function prepareTuning(
  { store, threads, providers, precision, overrides }: PrepareOptions,
  job: LeasedJob,
  base: BaseModel,
  data: TrainingData,
): Promise<PreparedTuning> {
  const { architecture } = base.manifest;
  const settings = { ...chooseSettings(job.settings, factsOf(data, base.manifest)), ...overrides };
  requireMatrices(settings);
  const bare: TuningModel = {
    architecture,
    weights: base.weights,
    tokensBefore: [],
    tokensAfter: data.sharedTokens,
    threads,
    providers,
    precision,
  };
  const model = placed(bare, settings);
  const part = rowsOf(data, settings);
  const { valid, train: rows } = splitValidation(data, part, settings.validationRows, settings.seed);
  const { parametrisation, used } = await createStart({ store, job, base, model, data, rows, settings });
  requireRoom(settings, parametrisation.slot.tokens, data, architecture.contextLength);
  const learned = rows.filter((i) => !used.has(i));
  const { answers } = data;
  return {
    settings,
    bare,
    model,
    parametrisation,
    examples: lazily(learned.length, (i) => learnedExample(data, learned[i] as number, settings)),
    answers: answers && learned.map((i) => answers[i] ?? 0),
    valid,
  };
}

function factsOf({ train, labels, sharedTokens }: TrainingData, { specialTokens }: ModelManifest) {
  let tokens = 0;
  for (const example of train) tokens += packedLength(example);
  return {
    rows: train.length,
    tokens,
    labels: labels && labels.length,
    // The edge leaves out no other: a model without one begins a row with whatever its text begins with.
    hasFirstToken: sharedTokens.length > 0 && sharedTokens[0] === specialTokens.beginning,
  };
}

/** Indices of the rows to tune on: of less than a pass a random part, so that nothing is held of the others, which may be millions. */
function rowsOf({ train }: TrainingData, { epochs, seed }: ChosenSettings): number[] {
  if (epochs >= 1) return Array.from({ length: train.length }, (_, i) => i);
  const count = Math.max(1, Math.round(train.length * epochs));
  return sampleBelow(train.length, count, createRandom(seed)).toSorted((a, b) => a - b);
}

/** The model's tokens around the prompt; a prefix behind the first token holds that token itself. */
function placed(model: TuningModel, { method, placement }: ChosenSettings): TuningModel {
  if (placement === "front") return model;
  const [first, ...rest] = model.tokensAfter;
  const before = method === "prefix_tuning" || first === undefined ? [] : [first];
  return { ...model, tokensBefore: before, tokensAfter: rest };
}

/** The row with its input's tokens as targets, and its label among the others, where they are told apart in training. */
function learnedExample(
  { train, answers, labelTokens }: TrainingData,
  index: number,
  { candidateShare, inputWeight }: ChosenSettings,
): TokenizedExample {
  const row = train.at(index) as TokenizedExample;
  const example = inputWeight === 0 ? row : { ...row, inputTargets: everySecond(row.context, index) };
  if (candidateShare === 0 || !answers || !labelTokens) return example;
  const answer = answers[index] as number;
  const completions = labelTokens.map((label, k) => (k === answer ? label : label.slice(0, -1)));
  return { ...example, completions, answer };
}

/** Half of the positions do as well as all, and cost half as much; the first token may have nothing that predicts it. */
const everySecond = (context: readonly number[], index: number) =>
  [...context.keys()].filter((i) => i > 0 && (i + index) % 2 === 0);

/** P-tuning's vectors and its network are matrices of several sizes. */
function requireMatrices({ method, optimizer }: ChosenSettings): void {
  if (method !== "p_tuning" || optimizer !== "muon") return;
  throw new InvalidDataError(
    `"optimizer" is "muon", with "p_tuning" only "adamw" and "adafactor" are allowed`,
    {
      code: "invalid_optimizer",
      param: "optimizer",
    },
  );
}

function requireRoom(
  { virtualTokens }: ChosenSettings,
  tokens: number,
  data: TrainingData,
  contextLength: number,
): void {
  if (virtualTokens > contextLength / 2) {
    throw new InvalidDataError(
      `"virtual_tokens" is ${virtualTokens}, at most half the base model's context of ${contextLength} is allowed`,
      { code: "too_many_virtual_tokens", param: "virtual_tokens" },
    );
  }
  let longest = 0;
  for (const example of data.train) longest = Math.max(longest, packedLength(example));
  longest += tokens + data.sharedTokens.length;
  if (longest <= contextLength) return;
  throw new InvalidDataError(
    `The longest row takes ${longest} tokens with its soft prompt, the base model's context holds ${contextLength}`,
    { code: "too_long", param: "virtual_tokens" },
  );
}
