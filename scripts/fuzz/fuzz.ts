import { createRandom } from "../../shared/random.ts";
import { mutate } from "./mutate.ts";
import { isRefusal, targets } from "./targets.ts";

/** What a number of inputs came to. Times are in milliseconds. */
export interface FuzzResult {
  readonly refused: number;
  readonly crashes: readonly string[];
  readonly slowest: { readonly input: number; readonly milliseconds: number };
}

/** So that neighbouring inputs have nothing in common. */
const SPREAD = 0x9e3779b1;

/** The bytes of an input and what is to read them: the same for the same seed and number, for looking at one again. */
export function inputOf(seed: number, number: number) {
  const random = createRandom(Math.imul(seed * 1_000_003 + number, SPREAD));
  const target = targets[number % targets.length] as (typeof targets)[number];
  const sample = target.samples[random.below(target.samples.length)] as Uint8Array;
  return { target, bytes: mutate(sample, random) };
}

/** Reads inputs `from` to `to` (exclusive); each must be taken or refused by a typed error. `began` hears of each one. */
export async function fuzz(
  seed: number,
  from: number,
  to: number,
  began: (number: number) => void = () => undefined,
): Promise<FuzzResult> {
  let refused = 0;
  const crashes: string[] = [];
  let slowest = { input: from, milliseconds: 0 };
  for (let number = from; number < to; number++) {
    began(number);
    const { target, bytes } = inputOf(seed, number);
    const start = performance.now();
    try {
      await target.read(bytes);
    } catch (error) {
      if (isRefusal(error)) refused++;
      else
        crashes.push(
          `input ${number} of seed ${seed} (${target.name}): ${String((error as Error).stack ?? error)}`,
        );
    }
    const milliseconds = performance.now() - start;
    if (milliseconds > slowest.milliseconds) slowest = { input: number, milliseconds };
  }
  return { refused, crashes, slowest };
}
