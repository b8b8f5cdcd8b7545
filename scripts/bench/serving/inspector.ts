import { z } from "zod";
import { UnavailableError } from "../../../shared/errors.ts";
import { descendants, listeningPorts } from "./processes.ts";

/** The isolate's own debugger port, which sees its memory and its profile from outside: the Worker needs no hook for it. */
export interface Inspector {
  /** The isolate's global scope, for commands that evaluate something. */
  readonly contextId: number;
  /**
   * One command of the Chrome DevTools protocol. Throws UnavailableError when it fails or takes too long, and when the
   * Worker was loaded anew in the meantime, as wrangler does when a source file changes: its memory is then another.
   */
  send<T>(method: string, schema: z.ZodType<T>, parameters?: object): Promise<T>;
  close(): void;
}

/** The isolate answers between two pieces of work; on a busy machine the model's first ones take long. */
const COMMAND_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 1000;
/**
 * workerd lets one client in at a time, and that is wrangler, which passes commands on. Its list names one target, where
 * workerd's own names every isolate.
 */
const targetsSchema = z.tuple([z.object({ webSocketDebuggerUrl: z.string() })]);
const messageSchema = z.object({
  id: z.int().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
});
type Message = z.infer<typeof messageSchema>;
const contextSchema = z.object({ context: z.object({ id: z.int() }) });
/** wrangler wants to know where a client comes from; Node's WebSocket can say so, which the browser's type does not know. */
const Client = WebSocket as unknown as new (
  url: string,
  options: { headers: Record<string, string> },
) => WebSocket;
const ORIGIN = "http://localhost";

/**
 * Connects to the debugger of a Worker, unless told otherwise of the one that wrangler runs for this process. Throws
 * UnavailableError when there is none.
 */
export async function connectInspector(url?: string): Promise<Inspector> {
  const socket = new Client(url ?? (await debuggerUrl()), { headers: { origin: ORIGIN } });
  const pending = new Map<number, (message: Message) => void>();
  const context = Promise.withResolvers<number>();
  let first: number | undefined;
  let isReloaded = false;
  socket.addEventListener("message", ({ data }) => {
    const message = messageSchema.parse(JSON.parse(String(data)));
    if (message.method === "Runtime.executionContextCreated") {
      const { id } = contextSchema.parse(message.params).context;
      first ??= id;
      isReloaded ||= id !== first;
      context.resolve(id);
    }
    if (message.id !== undefined) pending.get(message.id)?.(message);
  });
  // wrangler has already said so for its own.
  const enable = JSON.stringify({ id: 0, method: "Runtime.enable" });
  if (url !== undefined) socket.addEventListener("open", () => socket.send(enable));
  socket.addEventListener("error", () =>
    context.reject(new UnavailableError("The Worker's debugger refused us")),
  );
  let lastId = 0;
  return {
    contextId: await inTime(context.promise, "say which isolate it is"),
    async send(method, schema, parameters = {}) {
      if (isReloaded)
        throw new UnavailableError(
          "The Worker was loaded anew while it was measured: did a source file change?",
        );
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<Message>();
      pending.set(id, resolve);
      try {
        socket.send(JSON.stringify({ id, method, params: parameters }));
        const { result, error } = await inTime(promise, `answer "${method}"`);
        if (error) throw new UnavailableError(`"${method}" failed: ${error.message}`);
        return schema.parse(result);
      } finally {
        pending.delete(id);
      }
    },
    close: () => socket.close(),
  };
}

/** Throws UnavailableError when the promise takes too long. */
async function inTime<T>(promise: Promise<T>, action: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new UnavailableError(`The Worker's debugger did not ${action} in time`)),
    COMMAND_TIMEOUT_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** wrangler picks a free port for it and does not say which: the one that answers as a debugger is it. */
async function debuggerUrl(): Promise<string> {
  for (const port of listeningPorts(descendants())) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`, {
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      const targets = targetsSchema.safeParse(await response.json());
      if (targets.success) return targets.data[0].webSocketDebuggerUrl;
    } catch {
      // Another of the stack's ports.
    }
  }
  throw new UnavailableError("Found no debugger port among those of the local Worker");
}
