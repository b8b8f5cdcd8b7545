import { describe, expect, it } from "vitest";
import { runStep } from "../../scripts/check/run-step.ts";

async function run(program: string, ...args: string[]) {
  const lines: string[] = [];
  const passed = await runStep({ name: "step", program, args }, { cwd: ".", env: process.env }, (text) =>
    lines.push(text),
  );
  return { passed, text: lines.join("\n") };
}

describe("runStep", () => {
  it("prints one line where the step passes: its name, its time, its last word", async () => {
    const { passed, text } = await run(
      process.execPath,
      "-e",
      "console.log('noise'); console.log('12 files')",
    );
    expect(passed).toBe(true);
    expect(text).toMatch(/^ok {2} +\d+\.\d s {2}step: 12 files$/);
  });

  it("prints everything where it fails", async () => {
    const { passed, text } = await run(
      process.execPath,
      "-e",
      "console.log('a'); console.error('b'); process.exit(3)",
    );
    expect(passed).toBe(false);
    expect(text).toMatch(/^FAIL +\d+\.\d s {2}step\n\na\nb\n$/);
  });

  it("fails where there is no such program", async () => {
    expect(await run("./no-such-program")).toMatchObject({
      passed: false,
      text: expect.stringContaining('"./no-such-program" cannot be started') as string,
    });
  });
});
