import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeWeightFile } from "../../trainer/onnx/weight-file.ts";

test("writing weights anew leaves those alone that another trainer has open", async () => {
  const folder = await mkdtemp(join(tmpdir(), "foreword-weights-"));
  const path = join(folder, "weights.f32");
  const write = (value: number) =>
    writeWeightFile(path, new Map([["w", [2]]]), () => new Float32Array(2).fill(value));
  await write(1);
  const old = await open(path);
  await write(2);
  const { buffer } = await old.read(new Uint8Array(8), 0, 8, 0);
  expect([...new Float32Array(buffer.buffer)]).toEqual([1, 1]);
  await old.close();
  await rm(folder, { recursive: true });
});
