import { openEngine } from "./open-engine.ts";
import { equalAnswers, measureQuality } from "./quality.ts";
import { questions } from "./texts.ts";

export interface QualityComparison {
  /** Nats per token more than float32's, as a part of float32's. */
  readonly natsIncrease: number;
  readonly equalAnswers: number;
  readonly questions: number;
}

/** Compares the kernel over one bundle with float32 on onnxruntime over another. */
export async function compareQuality(int8: string, float32: string): Promise<QualityComparison> {
  const kernel = await openEngine("kernel", int8);
  const oracle = await openEngine("onnxruntime", float32);
  const ours = await measureQuality(kernel.engine, kernel.tokenizer);
  const theirs = await measureQuality(oracle.engine, oracle.tokenizer);
  kernel.engine.close();
  oracle.engine.close();
  return {
    natsIncrease: ours.natsPerToken / theirs.natsPerToken - 1,
    equalAnswers: equalAnswers(ours, theirs),
    questions: questions.length,
  };
}
