import { z } from "zod";
import { UnavailableError } from "../../../shared/errors.ts";

/** The isolate's own debugger port, which sees its memory and its profile from outside: the Worker needs no hook for it. */
export interface Inspector {
  /** The isolate's global scope, for commands that evaluate something. */
  readonly contextId: number;
  /** One command of the Chrome DevTools protocol. Throws UnavailableError when it fails or takes too long. */
  send<T>(method: string, schema: z.ZodType<T>, parameters?: object): Promise<T>;
  close(): void;
}

/** The isolate answers between two pieces of work; on a busy machine the model's first ones take long. */
const COMMAND_TIMEOUT_MS = 120_000;
const messageSchema = z.object({
  id: z.int().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
});
type Message = z.infer<typeof messageSchema>;
const contextSchema = z.object({ context: z.object({ id: z.int() }) });
/** miniflare wants to know where a client comes from; Node's WebSocket can say so, which the browser's type does not know. */
const Client = WebSocket as unknown as new (
  url: string,
  options: { headers: Record<string, string> },
) => WebSocket;
const ORIGIN = "http://localhost";

/** Connects to the debugger of a Worker, `ws://...`. Throws UnavailableError when it refuses. */
export async function connectInspector(url: string): Promise<Inspector> {
  const socket = new Client(url, { headers: { origin: ORIGIN } });
  const pending = new Map<number, (message: Message) => void>();
  const context = Promise.withResolvers<number>();
  socket.addEventListener("message", ({ data }) => {
    const message = messageSchema.parse(JSON.parse(String(data)));
    if (message.method === "Runtime.executionContextCreated")
      context.resolve(contextSchema.parse(message.params).context.id);
    if (message.id !== undefined) pending.get(message.id)?.(message);
  });
  const enable = JSON.stringify({ id: 0, method: "Runtime.enable" });
  socket.addEventListener("open", () => socket.send(enable));
  socket.addEventListener("error", () =>
    context.reject(new UnavailableError("The Worker's debugger refused us")),
  );
  let lastId = 0;
  return {
    contextId: await inTime(context.promise, "say which isolate it is"),
    async send(method, schema, parameters = {}) {
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
