import { z } from "zod";
import {
  chatMessageSchema,
  datasetLimits,
  type DatasetRow,
  type RowErrorCode,
} from "../contracts/dataset.ts";
import { InvalidDataError } from "../errors.ts";

/** One line is no usable row. */
export class RowParseError extends InvalidDataError {
  readonly rowCode: RowErrorCode;
  constructor(rowCode: RowErrorCode, message: string) {
    super(message, { code: rowCode });
    this.rowCode = rowCode;
  }
}

const messagesSchema = z.object({ messages: z.array(chatMessageSchema).min(1) });
const completionSchema = z.object({ prompt: z.string(), completion: z.string() });
const labelSchema = z.object({ text: z.string(), label: z.string() });

/** Parses one line of `train.jsonl`. Extra fields are ignored. Throws RowParseError. */
export function parseRow(text: string): DatasetRow {
  if (isDeeperThan(text, datasetLimits.depth)) {
    throw new RowParseError("too_deep", `Row nests deeper than ${datasetLimits.depth} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RowParseError("invalid_json", `Row is not JSON: ${(cause as SyntaxError).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RowParseError("invalid_row", "Row must be a JSON object");
  }
  if ("messages" in value) return parseMessages(value);
  if ("prompt" in value || "completion" in value) {
    const { prompt, completion } = check(completionSchema, value);
    if (completion.trim() === "") throw new RowParseError("empty_completion", '"completion" is empty');
    return { format: "completion", prompt, completion };
  }
  if ("text" in value || "label" in value) {
    const { text: input, label } = check(labelSchema, value);
    if (label.trim() === "") throw new RowParseError("empty_completion", '"label" is empty');
    return { format: "label", text: input, label };
  }
  throw new RowParseError(
    "missing_field",
    'Row must have "messages", or "prompt" and "completion", or "text" and "label"',
  );
}

function parseMessages(value: object): DatasetRow {
  const { messages } = check(messagesSchema, value);
  const last = messages.at(-1);
  if (last?.role !== "assistant") {
    throw new RowParseError("invalid_row", `The last message must be the assistant's, found "${last?.role}"`);
  }
  if (last.content.trim() === "")
    throw new RowParseError("empty_completion", "The last assistant message is empty");
  return { format: "messages", messages };
}

function check<T>(schema: z.ZodType<T>, value: object): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  const missing = issue?.code === "invalid_type" && issue.message.endsWith("received undefined");
  throw new RowParseError(missing ? "missing_field" : "invalid_row", `"${path}": ${issue?.message}`);
}

/** Counts brackets outside strings: cheap, and JSON.parse never sees a document that would exhaust the stack. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) {
      if (++depth > limit) return true;
    } else if (c === 125 || c === 93) depth--;
  }
  return false;
}
