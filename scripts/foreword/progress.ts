/** One line on stderr that changes in place on a terminal; elsewhere a line for each change, without repetition. */
export interface Progress {
  show(text: string): void;
  /** Leaves the line as it is and goes on below. */
  done(): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let last = "";
  return {
    show(text) {
      if (text === last) return;
      last = text;
      stream.write(stream.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
    },
    done() {
      if (stream.isTTY && last !== "") stream.write("\n");
      last = "";
    },
  };
}
