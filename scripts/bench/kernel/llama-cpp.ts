import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { InternalError } from "../../../shared/errors.ts";
import { messageSchema, type Task } from "../serving/rivals/protocol.ts";
import { inputIds, type Runner } from "./measure.ts";

/** llama.cpp compiled to wasm, in a process of its own with our weights as Q8_0. Throws InternalError with its reason. */
export async function startLlamaCpp(): Promise<Runner & { stop(): void }> {
  const file = fileURLToPath(new URL("../serving/rivals/llama-cpp-wasm.ts", import.meta.url));
  const child = fork(file, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const answer = async () => {
    const [message] = (await once(child, "message")) as unknown[];
    const parsed = messageSchema.parse(message);
    if ("failed" in parsed) throw new InternalError(`llama.cpp in wasm: ${parsed.failed}`);
  };
  await answer();
  return {
    pid: child.pid as number,
    async run(answerTokens) {
      const task: Task = { ids: inputIds, answerTokens };
      const done = answer();
      child.send(task);
      await done;
    },
    stop: () => void child.kill(),
  };
}
