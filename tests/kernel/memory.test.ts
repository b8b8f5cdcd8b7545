import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createArena, KernelMemoryError } from "../../functions/kernel/arena.ts";
import { CorruptObjectError } from "../../functions/inference/verified-object.ts";
import { architectureSchema } from "../../shared/contracts/model.ts";
import { ForewordError } from "../../shared/errors.ts";
import { EngineUsageError } from "../../shared/inference/errors.ts";
import { packedLayout, rowBytes, type PackedMatrix } from "../../shared/formats/packed-weights.ts";
import type { Sequence } from "../../shared/ports/inference-engine.ts";
import { packWeights } from "../../trainer/model/packed-weights.ts";
import { kernelEngine, loadFrom, manifestOf } from "./model-support.ts";
import { randomWeights, sized } from "./support.ts";

const architecture = sized({});
const file = packWeights(randomWeights(architecture, 1), architecture, "int8");

describe("sequences", () => {
  it("share what they have in common, and do not see each other", async () => {
    const engine = await kernelEngine(architecture);
    const alone = async (ids: number[]) => (await engine.start().append(ids)).slice();
    const trunk = engine.start();
    await trunk.append([1, 2, 3, 4, 5]);
    const fork = trunk.fork();
    const [left, right] = [(await trunk.append([6, 7])).slice(), (await fork.append([8, 9])).slice()];
    expect(left).toEqual(await alone([1, 2, 3, 4, 5, 6, 7]));
    expect(right).toEqual(await alone([1, 2, 3, 4, 5, 8, 9]));
    const again = (await trunk.append([10])).slice();
    expect(again).toEqual(await alone([1, 2, 3, 4, 5, 6, 7, 10]));
  });

  it("however long they come and go, memory stays what the busiest moment took", async () => {
    const engine = await kernelEngine(architecture);
    const prefix = await engine.computePrefix({ tokens: 0, data: new Float32Array(0) }, [1, 2, 3]);
    const request = async () => {
      const sequence = engine.start(prefix);
      await sequence.append(Array.from({ length: 40 }, (_, i) => i));
      const fork = sequence.fork();
      await fork.append([1]);
      fork.close();
      await sequence.append([2]);
      sequence.close();
    };
    // The second cannot write where the first did, behind the prefix.
    for (let i = 0; i < 2; i++) await request();
    const before = engine.memoryBytes();
    for (let i = 0; i < 2_000; i++) await request();
    expect(engine.memoryBytes()).toBe(before);
  });

  it("leave nothing behind in a hundred thousand requests, a tenth of them never closed", async () => {
    const small = sized({
      hiddenSize: 8,
      layers: 1,
      heads: 1,
      kvHeads: 1,
      intermediateSize: 8,
      vocabularySize: 8,
    });
    const engine = await kernelEngine(small);
    const request = async (isClosed: boolean) => {
      const sequence = engine.start();
      await sequence.append([1]);
      if (isClosed) sequence.close();
    };
    for (let i = 0; i < 90_000; i++) await request(true);
    const before = engine.memoryBytes();
    expect(before).toBe(65_536);
    // What is left to the garbage collector comes back when the event loop turns.
    for (let i = 0; i < 10_000; i++) {
      await request(false);
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    expect(engine.memoryBytes()).toBeLessThan(8 << 20);
  }, 240_000);

  it("are refused when memory would pass its limit, and there is room again when others close", async () => {
    const engine = await kernelEngine(architecture, undefined, { memoryLimit: 256 << 10 });
    const open: Sequence[] = [];
    const fill = async () => {
      for (let i = 0; i < 1_000; i++) {
        const sequence = engine.start();
        open.push(sequence);
        await sequence.append([1, 2, 3]);
      }
    };
    await expect(fill()).rejects.toThrow(KernelMemoryError);
    expect(engine.memoryBytes()).toBeLessThanOrEqual(256 << 10);
    for (const sequence of open) sequence.close();
    expect((await engine.start().append([1])).length).toBe(50);
  });
});

it.each([-1, 50, 1.5, Number.NaN, 2 ** 31])("refuses token %d", async (id) => {
  const engine = await kernelEngine(architecture);
  await expect(engine.start().append([id])).rejects.toThrow(EngineUsageError);
});

it("refuses a file that is missing, cut, longer, changed, or not listed", async () => {
  const manifest = manifestOf(architecture, file);
  const changed = file.slice();
  changed[100] = (changed[100] ?? 0) ^ 1;
  for (const other of [file.slice(0, -64), new Uint8Array(file.length + 1), changed]) {
    await expect(loadFrom(other, manifest)).rejects.toThrow(CorruptObjectError);
  }
  await expect(loadFrom(file, { ...manifest, files: {} })).rejects.toThrow(CorruptObjectError);
});

describe("a manifest made up by anyone", () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }));
  const sizes = fc.record({
    hiddenSize: size,
    layers: size,
    heads: size,
    kvHeads: size,
    headSize: fc.oneof(size, fc.constantFrom(8, 16, 24)),
    intermediateSize: size,
    vocabularySize: size,
    contextLength: size,
    tiedEmbeddings: fc.boolean(),
    attentionBias: fc.boolean(),
    queryKeyNorm: fc.boolean(),
  });

  it("lays everything out inside the file, nothing over anything else, or is refused", () => {
    fc.assert(
      fc.property(sizes, fc.constantFrom("int8", "int4"), (found, format) => {
        const strange = architectureSchema.parse({ ...architecture, ...found });
        let layout;
        try {
          layout = packedLayout(strange, format);
        } catch (error) {
          expect(error).toBeInstanceOf(ForewordError);
          return;
        }
        const ends = (m: PackedMatrix) => [
          m.weights + m.outputs * rowBytes(m),
          (m.scales ?? 0) + 4 * m.outputs,
        ];
        const matrices = layout.layers.flatMap((l) => [...l.queryKeyValue, l.output, l.gateUp, l.down]);
        for (const end of [layout.embedding, ...matrices, layout.head].flatMap(ends)) {
          expect(end).toBeLessThanOrEqual(layout.bytes);
        }
      }),
    );
  });

  it("never reaches the kernel with a file of another size", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async (found) => {
        const strange = architectureSchema.parse({ ...architecture, ...found });
        const manifest = { ...manifestOf(architecture, file), architecture: strange };
        const engine = await loadFrom(file, manifest, { memoryLimit: 4 << 20 }).catch(
          (error: unknown) => error,
        );
        if (engine instanceof Error) expect(engine).toBeInstanceOf(ForewordError);
        else expect(packedLayout(strange, "int8").bytes).toBe(file.length);
      }),
    );
  });

  it("an arena gives nothing beyond its limit, and only cache lines of its own", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(1 << 20), fc.double())), (wishes) => {
        const arena = createArena(1 << 20);
        let end = 0;
        for (const bytes of wishes) {
          let start: number;
          try {
            start = arena.take(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(KernelMemoryError);
            continue;
          }
          expect(start).toBeGreaterThanOrEqual(end);
          end = start + bytes;
          expect(end).toBeLessThanOrEqual(arena.memory.buffer.byteLength);
        }
        expect(arena.memory.buffer.byteLength).toBeLessThanOrEqual(1 << 20);
      }),
    );
  });
});
