import { promptFiles, promptKey, type LeasedJob, type TuningMethod } from "../../shared/contracts/job.ts";
import { InvalidDataError } from "../../shared/errors.ts";
import { parseSafetensors } from "../../shared/formats/safetensors.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createRandom, shuffled } from "../../shared/random.ts";
import type { BaseModel } from "../base-model.ts";
import type { ChosenSettings } from "../choose-settings.ts";
import type { TrainingData } from "../dataset.ts";
import { lazily, pick } from "../lazy-list.ts";
import { demonstrations, sampleTokens, tileTokens } from "./initial-prompt.ts";
import {
  prefixParameters,
  promptParameters,
  withFirstFrozen,
  type Parametrisation,
} from "./parametrisation.ts";
import { computePrefixes, type TuningModel } from "./prompt-objective.ts";
import { residualMlpParameters } from "./residual-mlp.ts";

/** Where tuning starts, and the training rows that are part of it. */
export interface Start {
  readonly parametrisation: Parametrisation;
  readonly used: ReadonlySet<number>;
}

export interface StartInputs {
  readonly store: ObjectStore;
  readonly job: LeasedJob;
  readonly base: BaseModel;
  readonly model: TuningModel;
  readonly data: TrainingData;
  /** Indices of the rows that may be learned from. */
  readonly rows: readonly number[];
  readonly settings: ChosenSettings;
}

/** Makes a method's parameters from the chosen initialisation. Throws InvalidDataError for one that cannot be had. */
export async function createStart(inputs: StartInputs): Promise<Start> {
  const { base, model, data, settings } = inputs;
  const { architecture } = base.manifest;
  const { hiddenSize } = architecture;
  const vectors = (start: Float32Array): Parametrisation =>
    settings.method === "p_tuning"
      ? residualMlpParameters(start.length / hiddenSize, hiddenSize, start, settings.seed)
      : promptParameters(start.length / hiddenSize, start);
  const isPrefix = settings.method === "prefix_tuning";
  if (settings.init.startsWith("prompt:")) {
    const start = await readPrompt(inputs, settings.init.slice("prompt:".length));
    if (!isPrefix) return { parametrisation: vectors(start), used: new Set() };
    const tokens = start.length / (architecture.layers * 2 * architecture.kvHeads * architecture.headSize);
    return { parametrisation: prefixParameters(architecture, tokens, start), used: new Set() };
  }
  // A prompt begins with the first token, which stays as it is; vectors placed behind it go without.
  const wantsFirst = (isPrefix || settings.placement === "front") && settings.virtualTokens > 1;
  const [first] = wantsFirst ? data.sharedTokens : [];
  const ahead = first === undefined ? [] : [first];
  const { tokens, used } = initialTokens(inputs, settings.virtualTokens - ahead.length);
  const embedded = base.embed([...ahead, ...tokens]);
  if (!isPrefix) {
    if (settings.init === "random")
      embedded.set(randomVectors(inputs, tokens.length), ahead.length * hiddenSize);
    const free = vectors(embedded);
    return { parametrisation: first === undefined ? free : withFirstFrozen(free, hiddenSize), used };
  }
  const count = ahead.length + tokens.length;
  const [kv] = await computePrefixes(model, count, [embedded]);
  return { parametrisation: prefixParameters(architecture, count, kv as Float32Array), used };
}

/** Token ids to start from; as many as wanted, fewer where demonstrations run out. */
function initialTokens(
  { base, data, rows, job, settings }: StartInputs,
  count: number,
): { tokens: number[]; used: ReadonlySet<number> } {
  const random = createRandom(settings.seed);
  const { encode } = base.tokenizer;
  const none = new Set<number>();
  const examples = pick(data.train, rows);
  switch (settings.init) {
    case "text": {
      const text = job.settings.initial_text ?? instruction(data.labels);
      return { tokens: tileTokens(encode(text), count), used: none };
    }
    case "labels":
      if (!data.labels) break;
      return { tokens: tileTokens(encode(data.labels.join("")), count), used: none };
    case "examples": {
      const bare = data.sharedTokens.slice(1);
      const whole = lazily(examples.length, (i) => {
        const { context = [], completions: [completion = []] = [] } = examples.at(i) ?? {};
        return [...bare, ...context, ...completion.slice(0, -1)];
      });
      const groups = data.answers && rows.map((i) => data.answers?.[i] ?? 0);
      const order = shuffled([...rows.keys()], random);
      const { tokens, used } = demonstrations(whole, groups, order, encode("\n"), count);
      return { tokens, used: new Set([...used].map((k) => rows[k] as number)) };
    }
    default:
  }
  return { tokens: sampleTokens(examples, count, random), used: none };
}

function instruction(labels: readonly string[] | null): string {
  if (!labels) return "Answer the input below as the examples do.";
  return `Classify the text into one of these labels:${labels.map((label) => ` ${label.trim()}`).join(",")}.`;
}

/** Normal vectors at the scale that tokens' embeddings have. */
function randomVectors({ base, settings }: StartInputs, count: number): Float32Array {
  const random = createRandom(settings.seed);
  const size = count * base.manifest.architecture.hiddenSize;
  const sample = base.embed(Array.from({ length: 100 }, (_, i) => 3 + i));
  const scale = Math.sqrt(sample.reduce((sum, x) => sum + x * x, 0) / sample.length);
  return Float32Array.from({ length: size }, () => random.normal() * scale);
}

const PROMPT_FILES: Record<TuningMethod, { file: string; tensor: string }> = {
  prompt_tuning: { file: promptFiles.adapterModel, tensor: "prompt_embeddings" },
  p_tuning: { file: promptFiles.adapterModel, tensor: "prompt_embeddings" },
  prefix_tuning: { file: promptFiles.prefix, tensor: "kv" },
};

/** Another tuned prompt of the same base model and organization to go on from (SPoT, arXiv 2110.07904). */
async function readPrompt({ store, job, base, settings }: StartInputs, id: string): Promise<Float32Array> {
  const refuse = (found: string) =>
    new InvalidDataError(`"init" names soft prompt "${id}", ${found}`, {
      code: "invalid_init",
      param: "init",
    });
  const prefix = await store.get(promptKey(job.organization, id, promptFiles.prefix));
  if (!prefix) throw refuse("which does not exist");
  const kv = parseSafetensors(await prefix.bytesBody());
  const digest = kv.metadata["base_digest"];
  if (digest !== base.manifest.digest)
    throw refuse(`which is for base model digest "${digest}", wanted "${base.manifest.digest}"`);
  const { file, tensor: name } = PROMPT_FILES[settings.method];
  const object = file === promptFiles.prefix ? null : await store.get(promptKey(job.organization, id, file));
  const tensor = (object ? parseSafetensors(await object.bytesBody()) : kv).tensors.get(name);
  const { hiddenSize } = base.manifest.architecture;
  if (tensor?.type !== "F32" || (name !== "kv" && tensor.shape[1] !== hiddenSize))
    throw refuse(`which has no start for "${settings.method}"`);
  return new Float32Array(new Uint8Array(tensor.bytes).buffer);
}
