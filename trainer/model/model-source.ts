import type { Architecture, ModelManifest } from "../../shared/contracts/model.ts";
import type { Weights } from "./weights.ts";

/** A base model as an importer found it, before it becomes a bundle. */
export interface ModelSource {
  readonly name: string;
  readonly architecture: Architecture;
  readonly specialTokens: ModelManifest["specialTokens"];
  readonly weights: Weights;
  /** Hugging Face's `tokenizer.json` and `tokenizer_config.json`. */
  readonly tokenizer: string;
  readonly tokenizerConfig: string;
  /** Where it came from, for people. */
  readonly source: string;
  /** SPDX identifier. */
  readonly license: string;
}
