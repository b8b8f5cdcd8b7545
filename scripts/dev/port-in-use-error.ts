import { ConflictError } from "../../shared/errors.ts";

/** Another program listens where this one was asked to. */
export class PortInUseError extends ConflictError {
  readonly port: number;

  constructor(port: number, purpose: string, cause: unknown) {
    super(`Port ${port} of 127.0.0.1 is in use, wanted it free for ${purpose}`, {
      code: "port_in_use",
      cause,
    });
    this.port = port;
  }
}
