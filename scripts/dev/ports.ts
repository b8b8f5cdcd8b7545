import { once } from "node:events";
import { createServer } from "node:net";
import { PortInUseError } from "./port-in-use-error.ts";

/** Throws PortInUseError when something else listens on the port of 127.0.0.1; `variable` chooses another one. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    const advice = `this stack; end the other program, or choose another port: ${variable}=<port> npm start`;
    throw new PortInUseError(port, advice, cause);
  }
  server.close();
  await once(server, "close");
}
