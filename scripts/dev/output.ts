import { styleText } from "node:util";

const LINE_INTERVAL_MS = 10_000;

/** What a person watching the stack sees. */
export interface Output {
  /** Something is done, or begins. */
  line(text?: string): void;
  heading(text: string): void;
  /** Where a long step is: one changing line in a terminal, now and then a line elsewhere. */
  progress(text: string): void;
}

/** Writes to the stream; NO_COLOR and pipes get plain text. */
export function createOutput(stream: NodeJS.WriteStream): Output {
  let lastProgress = 0;
  let lastText = "";
  let open = false;
  const close = () => {
    if (open) stream.write("\n");
    open = false;
  };
  return {
    line(text = "") {
      close();
      stream.write(`${text}\n`);
    },
    heading(text) {
      close();
      stream.write(`\n${styleText("bold", text, { stream })}\n`);
    },
    progress(text) {
      if (stream.isTTY) {
        // Back to the line's start, and clear to its end.
        stream.write(`\r\u001B[K${text}`);
        open = true;
      } else if (text !== lastText && Date.now() - lastProgress >= LINE_INTERVAL_MS) {
        stream.write(`${text}\n`);
        lastProgress = Date.now();
        lastText = text;
      }
    },
  };
}
