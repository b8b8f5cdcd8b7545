import { expect, it } from "vitest";
import type { LoadedModel } from "../../functions/deps.ts";
import { createAdmission } from "../../functions/inference/admission.ts";
import { createCancellation } from "../../functions/inference/cancellation.ts";
import { createPaces } from "../../functions/inference/pace.ts";
import { argmax } from "../../functions/inference/sampling.ts";
import { openSession, type SessionParts } from "../../functions/inference/session.ts";
import { createStepBatches } from "../../functions/inference/step-batches.ts";
import { createTurnLock } from "../../functions/inference/turn-lock.ts";
import { kernelEngine } from "../kernel/model-support.ts";
import { sized } from "../kernel/support.ts";

const TOKENS = 40;

it("a request alone takes the short way, and shares its steps as long as another is at work", async () => {
  const kernel = await kernelEngine(sized({}));
  const shared: number[] = [];
  const engine = {
    ...kernel,
    appendTogether: (...[steps]: Parameters<NonNullable<typeof kernel.appendTogether>>) => {
      shared.push(steps.length);
      return kernel.appendTogether?.(steps) ?? Promise.reject(new Error("The kernel cannot do so"));
    },
  };
  const lock = createTurnLock(Date.now);
  const limits = { active: 8, bytes: 1e9, waiting: 8, patience: 1_000, silence: 10_000 };
  const admission = createAdmission(limits, Date.now);
  const [batches, newPace] = [createStepBatches(lock), createPaces(Date.now)];
  const parts = (): SessionParts => ({
    admission,
    lock,
    batches,
    pace: newPace(),
    now: Date.now,
    bytes: 1,
    load: async () => ({ engine }) as unknown as LoadedModel,
    usePrefix: async () => null,
  });
  const answer = async (input: number): Promise<number[]> => {
    const lifetime = { cancellation: createCancellation(), keepAlive() {}, spend() {} };
    const session = await openSession(parts(), lifetime);
    const sequence = session.start();
    const ids = [await session.turns.take(async () => argmax(await sequence.append([input])))];
    while (ids.length < TOKENS) {
      const id = ids.at(-1) ?? 0;
      ids.push(await session.turns.append({ sequence, id }, argmax));
    }
    session.close();
    return ids;
  };
  const alone = [await answer(3), await answer(5)];
  expect(shared).toEqual([]);
  expect(await Promise.all([answer(3), answer(5)])).toEqual(alone);
  expect(shared.filter((steps) => steps === 2).length).toBeGreaterThan(TOKENS - 5);
});
