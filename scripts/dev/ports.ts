import { once } from "node:events";
import { createServer } from "node:net";
import { UnavailableError } from "../../shared/errors.ts";

/** Throws UnavailableError when something else listens on the port of 127.0.0.1. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new UnavailableError(
      `Port ${port} is in use: another stack may be running. End it, or choose another port with ${variable}=<port> npm start`,
      { code: "port_in_use", cause },
    );
  }
  server.close();
  await once(server, "close");
}
