import { readEvents } from "../../../shared/formats/event-stream.ts";

/** The API refused a request, or could not be reached (status 0). The message is meant for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  constructor(message: string, status: number, code: string | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** The HTTP API with a key. Every method throws ApiError. */
export interface Api {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T>;
  /** A list to its end, or to `limit` items. */
  list<T extends { id: string }>(path: string, limit?: number): Promise<T[]>;
  /** Posts a large body; `onProgress` hears the share that is sent. */
  upload<T>(path: string, body: object, onProgress: (share: number) => void): Promise<T>;
  /** The events of a streamed answer. */
  stream<T>(path: string, body: object, signal: AbortSignal): AsyncGenerator<T>;
  /** A file's content. */
  blob(path: string): Promise<Blob>;
}

const PAGE = 100;
const unreachable = () =>
  new ApiError("The server does not answer. Check that it runs and that you are online, then try again.", 0);

/** `onUnauthorized` is called when the server does not know the key any more. */
export function createApi(key: string, onUnauthorized: () => void): Api {
  const authorization = `Bearer ${key}`;
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(path, {
        ...init,
        headers: {
          authorization,
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
        },
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw unreachable();
    }
    if (response.ok) return response;
    if (response.status === 401) onUnauthorized();
    throw toError(response.status, await response.text());
  };
  const api: Api = {
    get: async <T>(path: string, signal?: AbortSignal) =>
      (await (await request(path, signal ? { signal } : {})).json()) as T,
    send: async <T>(method: string, path: string, body?: object) =>
      (await (await request(path, { method, body: JSON.stringify(body ?? {}) })).json()) as T,
    async list<T extends { id: string }>(path: string, limit = PAGE) {
      const found: T[] = [];
      for (let more = true; more && found.length < limit;) {
        const query = new URLSearchParams({ limit: String(Math.min(PAGE, limit - found.length)) });
        const last = found.at(-1);
        if (last) query.set("after", last.id);
        const page = await api.get<{ data: T[]; has_more?: boolean }>(`${path}?${query}`);
        found.push(...page.data);
        more = (page.has_more ?? false) && page.data.length > 0;
      }
      return found;
    },
    upload: async <T>(path: string, body: object, onProgress: (share: number) => void) =>
      JSON.parse(await post(path, authorization, JSON.stringify(body), onProgress)) as T,
    async *stream<T>(path: string, body: object, signal: AbortSignal) {
      const { body: answer } = await request(path, { method: "POST", body: JSON.stringify(body), signal });
      if (answer) for await (const data of readEvents(answer)) yield JSON.parse(data) as T;
    },
    blob: async (path) => (await request(path)).blob(),
  };
  return api;
}

/** fetch() does not tell how much of a body is sent; XMLHttpRequest does. */
async function post(
  path: string,
  authorization: string,
  body: string,
  onProgress: (share: number) => void,
): Promise<string> {
  const request = new XMLHttpRequest();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request.open("POST", path);
  request.setRequestHeader("authorization", authorization);
  request.setRequestHeader("content-type", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
  request.addEventListener("error", () => reject(unreachable()));
  request.addEventListener("load", () => {
    const { status, responseText } = request;
    if (status >= 200 && status < 300) resolve(responseText);
    else reject(toError(status, responseText));
  });
  request.send(body);
  return promise;
}

/** An error in the API's shape, or whatever else stands between it and this page. */
function toError(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; code: string | null } };
    return new ApiError(error.message, status, error.code);
  } catch {
    return new ApiError(`The server answered with status ${status}`, status);
  }
}
