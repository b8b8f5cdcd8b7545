import { z } from "zod";

/** What a rival's process and the benchmark say to each other over the IPC channel. */
export const taskSchema = z.object({
  ids: z.array(z.int()),
  /** Tokens to generate, greedily, whatever they are. */
  answerTokens: z.int().positive(),
});
export type Task = z.infer<typeof taskSchema>;

export const messageSchema = z.union([
  z.object({ ready: z.literal(true) }),
  /** Milliseconds for reading the input up to the first token, and for the tokens after the first. */
  z.object({ prefillMs: z.number(), decodeMs: z.number(), decodedTokens: z.int() }),
  z.object({ failed: z.string() }),
]);
export type Message = z.infer<typeof messageSchema>;
export type Timing = Extract<Message, { prefillMs: number }>;

/** Serves tasks in a rival's process: `load` makes the runtime ready once, and gives what runs one task. */
export async function serveTasks(load: () => Promise<(task: Task) => Promise<Timing>>): Promise<void> {
  const send = (message: Message) => process.send?.(message);
  const fail = (error: unknown) => send({ failed: error instanceof Error ? error.message : String(error) });
  try {
    const run = await load();
    process.on("message", (message) => {
      run(taskSchema.parse(message)).then(send, fail);
    });
    send({ ready: true });
  } catch (error) {
    fail(error);
    process.disconnect?.();
  }
}
