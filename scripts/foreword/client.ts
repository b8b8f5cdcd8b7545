import pRetry from "p-retry";
import { z } from "zod";
import { CliError, exitCodeOfStatus, exitCodes, isTemporary } from "./exit-codes.ts";
import type { Profile } from "./profile.ts";

/** A request that may be sent again is, this often, when the server is busy or does not answer. */
const RETRIES = 3;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 20_000;
const PAGE = 100;

export interface Request {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly form?: FormData;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sending it twice does what sending it once does. Every GET is. */
  readonly repeatable?: boolean;
}

/** The API, as far as the tool needs it. Every method throws CliError with the exit code that fits. */
export interface Client {
  readonly url: string;
  call<T>(path: string, schema: z.ZodType<T>, request?: Request): Promise<T>;
  /** The answer itself, for streams and files. */
  fetch(path: string, request?: Request): Promise<Response>;
  /** The newest items of a list, over as many pages as it takes. */
  list<T extends { id: string }>(path: string, item: z.ZodType<T>, limit: number): Promise<T[]>;
}

const errorSchema = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) });

export function createClient({ url, key }: Pick<Profile, "url" | "key">): Client {
  const once = async (path: string, request: Request): Promise<Response> => {
    const address = new URL(path.replace(/^\//, ""), url.endsWith("/") ? url : `${url}/`);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) address.searchParams.set(name, value);
    let response: Response;
    try {
      response = await fetch(address, init(request, key));
    } catch (cause) {
      throw new CliError(`"${url}" does not answer${reason(cause)}; is it running?`, exitCodes.tryAgain, {
        code: "no_answer",
        cause,
      });
    }
    if (response.ok) return response;
    throw await refusal(response);
  };
  const client: Client = {
    url,
    fetch: async (path, request = {}) => {
      const repeatable = request.repeatable ?? (request.method ?? "GET") === "GET";
      if (!repeatable) return once(path, request);
      return pRetry(async () => once(path, request), {
        retries: RETRIES,
        minTimeout: FIRST_PAUSE_MS,
        maxTimeout: MAX_PAUSE_MS,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof CliError && error.exitCode === exitCodes.tryAgain,
      });
    },
    call: async (path, schema, request) => {
      const response = await client.fetch(path, request);
      const result = schema.safeParse(await response.json().catch(() => undefined));
      if (result.success) return result.data;
      throw new CliError(
        `"${path}" answered something else than wanted: ${z.prettifyError(result.error)}; is "${url}" a Foreword server of this version?`,
        exitCodes.failed,
      );
    },
    async list<T extends { id: string }>(path: string, item: z.ZodType<T>, limit: number) {
      const found: T[] = [];
      const page = z.object({ data: z.array(item), has_more: z.boolean().default(false) });
      while (found.length < limit) {
        const query = { limit: String(Math.min(PAGE, limit - found.length)), after: found.at(-1)?.id };
        const { data, has_more: more } = await client.call(path, page, { query });
        found.push(...data);
        if (!more || data.length === 0) break;
      }
      return found;
    },
  };
  return client;
}

function init({ method = "GET", body, form, bytes }: Request, key: string): RequestInit {
  const headers = { authorization: `Bearer ${key}` };
  if (form) return { method, headers, body: form };
  if (bytes) return { method, headers, body: bytes };
  if (body === undefined) return { method, headers };
  return { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

async function refusal(response: Response): Promise<CliError> {
  const text = await response.text();
  const parsed = errorSchema.safeParse(tryJson(text));
  const message = parsed.success ? parsed.data.error.message : `${response.status} ${response.statusText}`;
  const after = response.headers.get("retry-after");
  const hint = isTemporary(response.status) && after !== null ? ` (try again after ${after} s)` : "";
  const code = parsed.success ? parsed.data.error.code : null;
  return new CliError(message + hint, exitCodeOfStatus(response.status), code ? { code } : {});
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch() hides what went wrong in the cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? ` (${code})` : "";
}
