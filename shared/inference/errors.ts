import { InternalError, InvalidDataError, InvalidRequestError } from "../errors.ts";

/** A sequence would pass the model's context. */
export class ContextLengthError extends InvalidRequestError {
  /** `found` and `wanted` are tokens: what the sequence would have, and what the model can hold. */
  constructor(found: number, wanted: number) {
    super(`This model's context holds ${wanted} tokens, the request needs ${found} with its soft prompt`, {
      code: "context_length_exceeded",
      param: "messages",
    });
  }
}

/** Vectors, keys or values do not have the base model's sizes. */
export class SoftPromptShapeError extends InvalidDataError {
  constructor(what: string, found: number, wanted: number) {
    super(`${what} holds ${found} numbers, this base model wants ${wanted}`, { code: "invalid_soft_prompt" });
  }
}

/** The engine was used against its contract. */
export class EngineUsageError extends InternalError {}
