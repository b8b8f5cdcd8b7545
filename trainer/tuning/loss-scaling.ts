import type { Precision, TensorData, Tensors } from "../onnx/session.ts";

/** Runs a training graph; its outputs `loss` and `gradient` come back as if nothing had been scaled. */
export interface LossScaling {
  run(feeds: Tensors, step: (feeds: Tensors) => Promise<Tensors>): Promise<Tensors>;
}

/** The loss is linear in these, so they scale it and every gradient without a node in the graph. */
const WEIGHTS = ["label_weights", "candidate_weights"] as const;
/** Gradients of a mean over a batch lie around 1e-4 and float16 begins at 6e-8: this centres them. */
const FIRST_SCALE = 2 ** 12;

/**
 * Keeps small gradients from vanishing in float16 ("Mixed Precision Training", arXiv 1710.03740, section 3.2): the loss is
 * multiplied, the gradient divided. Where a gradient overflows, the scale is halved for good and the step computed again. With
 * float32 nothing is scaled.
 */
export function createLossScaling(precision: Precision = "float32"): LossScaling {
  if (precision === "float32") return { run: (feeds, step) => step(feeds) };
  let scale = FIRST_SCALE;
  return {
    async run(feeds, step) {
      for (;;) {
        const outputs = await step(scaled(feeds, WEIGHTS, scale));
        const isFinite = (outputs["gradient"] as Float32Array).every(Number.isFinite);
        // What is not finite at scale 1 is no fault of the scale: the run has diverged.
        if (isFinite || scale <= 1) return scaled(outputs, ["loss", "gradient"], 1 / scale);
        scale /= 2;
      }
    },
  };
}

/** Those of the tensors that are named and there, times a factor; the others as they are. */
function scaled(tensors: Tensors, names: readonly string[], factor: number): Tensors {
  const changed: Record<string, TensorData> = { ...tensors };
  for (const name of names) {
    const data = tensors[name];
    if (data instanceof Float32Array) changed[name] = data.map((x) => factor * x);
  }
  return changed;
}
