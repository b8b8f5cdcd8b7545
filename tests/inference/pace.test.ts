import { expect, it } from "vitest";
import { createPaces, type Pace } from "../../functions/inference/pace.ts";

/** A clock that moves by `stepMs` a step, and says after which steps the event loop turned. */
async function turnsOf(pace: Pace, clock: { now: number }, stepMs: number, steps: number, must = false) {
  const turns: number[] = [];
  for (let step = 1; step <= steps; step++) {
    clock.now += stepMs;
    let turned = false;
    setTimeout(() => (turned = true));
    expect(await pace(must)).toBe(turned);
    if (turned) turns.push(step);
  }
  return turns;
}

it("turns after a few steps, then as often as steps of this length allow, and the next request knows", async () => {
  const clock = { now: 1 };
  const newPace = createPaces(() => clock.now);
  expect(await turnsOf(newPace(), clock, 5, 20)).toEqual([4, 8, 20]);
  expect(await turnsOf(newPace(), clock, 5, 20)).toEqual([12]);
  expect((await turnsOf(newPace(), clock, 60, 30)).slice(-3)).toEqual([28, 29, 30]);
});

it("turns after every step while others are at work, and seldom enough where steps take no time", async () => {
  const clock = { now: 1 };
  const newPace = createPaces(() => clock.now);
  expect(await turnsOf(newPace(), clock, 1, 5, true)).toEqual([1, 2, 3, 4, 5]);
  const [, second = 0, third = 0] = await turnsOf(newPace(), clock, 0, 100);
  expect(third - second).toBe(32);
});
