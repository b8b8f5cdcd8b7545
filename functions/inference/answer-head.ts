import { ulid } from "ulid";
import type { Usage } from "../../shared/contracts/generation.ts";
import type { ResolvedModel } from "./model-resolver.ts";

/** What every answer, and every chunk of one, begins with. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

const FINGERPRINT_LENGTH = 12;

/** @param kind the id's prefix, as OpenAI's API has it: `chatcmpl-` or `cmpl-` */
export function answerHead(kind: string, model: ResolvedModel, now: number): AnswerHead {
  return {
    id: kind + ulid(now),
    created: Math.floor(now / 1000),
    model: model.name,
    system_fingerprint: fingerprint(model),
  };
}

/** Changes when the weights that answer do. */
export function fingerprint({ manifest }: ResolvedModel): string {
  return `fp_${manifest.digest.slice(0, FINGERPRINT_LENGTH)}`;
}

export function usage(promptTokens: number, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
