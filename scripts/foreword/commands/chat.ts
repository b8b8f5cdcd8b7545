import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { z } from "zod";
import type { ChatMessage } from "../../../shared/contracts/dataset.ts";
import type { Client } from "../client.ts";
import { connect, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { readEvents } from "../../../shared/formats/event-stream.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { note, print, printJson } from "../output.ts";

const USUAL_TOKENS = 256;
const partShape = z.looseObject({
  choices: z.array(z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }) })),
});
const answerShape = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string() }) })).min(1),
});
const failureShape = z.looseObject({ error: z.looseObject({ message: z.string() }) });

interface ChatOptions extends CommonOptions {
  readonly system?: string;
  readonly maxTokens: number;
  readonly temperature?: number;
}

/** `foreword chat`: one answer where there is a message, a conversation where there is none. */
export function addChat(program: Command): void {
  leaf(program, "chat <model> [message]", "Talk to a model; the message may come from stdin", [
    'chat minimind2-small "What is rain?"',
    "chat ft:minimind2-small:local:spam:sp_01J... < question.txt",
    "chat minimind2-small",
  ])
    .option("--system <text>", "instructions that come first")
    .option("--max-tokens <n>", "length of an answer", wholeNumber(), USUAL_TOKENS)
    .option("--temperature <t>", "0 always takes the likeliest token", (text) =>
      z.coerce.number().min(0).parse(text),
    )
    .action(async (model: string, message: string | undefined, options: ChatOptions) => {
      const messages: ChatMessage[] = options.system ? [{ role: "system", content: options.system }] : [];
      if (message === undefined && process.stdin.isTTY) await converse(connect(), model, messages, options);
      else {
        const content = message ?? (await readAll());
        if (content === "")
          throw new CliError("Found no message, wanted one as an argument or on stdin", exitCodes.usage);
        await answer(connect(), model, [...messages, { role: "user", content }], options);
      }
    });
}

async function converse(client: Client, model: string, messages: ChatMessage[], options: ChatOptions) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  note("An empty line ends the conversation");
  try {
    for (;;) {
      const content = (await terminal.question("> ")).trim();
      if (content === "") return;
      messages.push({ role: "user", content });
      messages.push({ role: "assistant", content: await answer(client, model, messages, options) });
    }
  } finally {
    terminal.close();
  }
}

async function answer(
  client: Client,
  model: string,
  messages: readonly ChatMessage[],
  { json, maxTokens, temperature }: ChatOptions,
): Promise<string> {
  const body = { model, messages, max_tokens: maxTokens, temperature };
  if (json) {
    const whole = await client.call("v1/chat/completions", answerShape, { method: "POST", body });
    printJson(whole);
    return whole.choices[0]?.message.content ?? "";
  }
  const request = { method: "POST", body: { ...body, stream: true } } as const;
  const response = await client.fetch("v1/chat/completions", request);
  let text = "";
  for await (const data of readEvents(response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>())) {
    const piece = contentOf(JSON.parse(data));
    process.stdout.write(piece);
    text += piece;
  }
  print("");
  return text;
}

function contentOf(event: unknown): string {
  const failure = failureShape.safeParse(event);
  if (failure.success) throw new CliError(`\n${failure.data.error.message}`, exitCodes.tryAgain);
  return partShape.parse(event).choices[0]?.delta.content ?? "";
}

async function readAll(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces).toString("utf8").trim();
}
