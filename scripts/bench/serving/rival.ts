import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { messageSchema, type Message, type Task, type Timing } from "./rivals/protocol.ts";
import { InternalError } from "../../../shared/errors.ts";

/** Another engine with the same model, in a process of its own that rests between its turns. */
export interface Rival {
  /** Throws InternalError when it fails or takes too long. */
  run(task: Task): Promise<Timing>;
  stop(): void;
}

export const rivalFiles = {
  "transformers.js": "rivals/transformers-js.ts",
  "llama.cpp in wasm": "rivals/llama-cpp-wasm.ts",
} as const;
export type RivalName = keyof typeof rivalFiles;

/** Loading a model and its runtime, on a busy machine too. */
const TIMEOUT_MS = 120_000;

/** Starts a rival and waits until its model is loaded. Throws InternalError with its reason. */
export async function startRival(name: RivalName): Promise<Rival> {
  const child = fork(fileURLToPath(new URL(rivalFiles[name], import.meta.url)), {
    // Its output is none of ours; errors are.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const answer = async (): Promise<Message> => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const ended = new AbortController();
    const signal = AbortSignal.any([timeout, ended.signal]);
    const exited = () => ended.abort();
    child.once("exit", exited);
    try {
      const [message] = (await once(child, "message", { signal })) as unknown[];
      return messageSchema.parse(message);
    } catch (cause) {
      const reason = timeout.aborted ? `gave no answer in ${TIMEOUT_MS / 1000} seconds` : "ended by itself";
      throw new InternalError(`${name} ${reason}`, { cause });
    } finally {
      child.off("exit", exited);
    }
  };
  const stop = () => {
    child.kill();
  };
  try {
    expect(name, await answer(), "ready");
  } catch (error) {
    stop();
    throw error;
  }
  return {
    async run(task) {
      const message = answer();
      child.send(task);
      return expect(name, await message, "prefillMs");
    },
    stop,
  };
}

/** Throws InternalError when the message is another one than the one with this field. */
function expect<K extends "ready" | "prefillMs">(name: string, message: Message, field: K) {
  if (field in message) return message as Extract<Message, Record<K, unknown>>;
  throw new InternalError(`${name}: ${"failed" in message ? message.failed : "unexpected message"}`);
}
