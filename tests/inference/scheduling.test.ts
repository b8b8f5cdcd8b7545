import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAdmission } from "../../functions/inference/admission.ts";
import { createSingleFlight } from "../../functions/inference/single-flight.ts";
import { createTurnQueue } from "../../functions/inference/turn-queue.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const live = () => new AbortController().signal;
const nothing = () => {};
/** What a promise fails with; taken at once, so that no failure goes unhandled while time is advanced. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => undefined).catch((error: unknown) => error);

describe("admission", () => {
  const limits = { active: 2, waiting: 2, patience: 1000, silence: 5000 };

  it("lets so many in, has so many wait in order, and turns the rest away", async () => {
    const admission = createAdmission(limits, Date.now);
    const order: string[] = [];
    const enter = async (name: string) => {
      const place = await admission.enter(live(), nothing);
      order.push(name);
      return place;
    };
    const a = await enter("a");
    const b = await enter("b");
    const c = enter("c");
    const d = enter("d");
    await expect(admission.enter(live(), nothing)).rejects.toMatchObject({
      status: 503,
      code: "overloaded",
      retryAfter: 2,
    });
    expect(admission.counts()).toEqual({ active: 2, waiting: 2 });
    b.leave();
    b.leave();
    a.leave();
    (await c).leave();
    (await d).leave();
    expect(order).toEqual(["a", "b", "c", "d"]);
    expect(admission.counts()).toEqual({ active: 0, waiting: 0 });
  });

  it("turns away who waited too long, and forgets who left", async () => {
    const admission = createAdmission({ ...limits, active: 1 }, Date.now);
    const place = await admission.enter(live(), nothing);
    const waited = failure(admission.enter(live(), nothing));
    const caller = new AbortController();
    const left = failure(admission.enter(caller.signal, nothing));
    caller.abort(new Error("left"));
    expect(await left).toHaveProperty("message", "left");
    await vi.advanceTimersByTimeAsync(1001);
    expect(await waited).toMatchObject({ status: 503, code: "overloaded", retryAfter: 5 });
    expect(admission.counts()).toEqual({ active: 1, waiting: 0 });
    place.leave();
  });

  it("takes a place back from a holder who gives no sign of life", async () => {
    const admission = createAdmission({ ...limits, active: 1 }, Date.now);
    const lost = vi.fn<() => void>();
    const first = await admission.enter(live(), lost);
    await vi.advanceTimersByTimeAsync(4000);
    first.renew();
    await vi.advanceTimersByTimeAsync(4000);
    const turnedAway = failure(admission.enter(live(), nothing));
    expect(lost).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1001);
    expect(await turnedAway).toMatchObject({ code: "overloaded" });
    const place = await admission.enter(live(), nothing);
    expect(lost).toHaveBeenCalledOnce();
    // The lost holder's leaving must not free the place of the one who has it now.
    first.leave();
    expect(admission.counts().active).toBe(1);
    place.leave();
  });
});

describe("turn queue", () => {
  it("runs one piece of work at a time, in order, and goes on after a failure", async () => {
    const queue = createTurnQueue();
    const log: string[] = [];
    const work = (name: string, fails = false) =>
      queue.run(async () => {
        log.push(`${name} begins`);
        await Promise.resolve();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([work("a"), work("b", true), work("c")]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("gives requests their turns round robin", async () => {
    const queue = createTurnQueue();
    const log: string[] = [];
    const request = async (name: string) => {
      for (let step = 0; step < 3; step++) {
        await queue.run(async () => {
          log.push(name);
          await Promise.resolve();
        });
      }
    };
    await Promise.all([request("a"), request("b"), request("c")]);
    expect(log.join("")).toBe("abcabcabc");
  });
});

describe("single flight", () => {
  it("shares work under way and forgets it afterwards", async () => {
    const flights = createSingleFlight<number>(1000);
    let runs = 0;
    const work = async () => {
      await Promise.resolve();
      return ++runs;
    };
    expect(await Promise.all([flights.run("a", work), flights.run("a", work)])).toEqual([1, 1]);
    expect(await flights.run("a", work)).toBe(2);
  });

  it("begins anew when the work under way never ends", async () => {
    const flights = createSingleFlight<string>(1000);
    void flights.run("a", () => new Promise(() => {}));
    const second = flights.run("a", () => Promise.resolve("done"));
    await vi.advanceTimersByTimeAsync(1001);
    expect(await second).toBe("done");
  });

  it("gives up when nothing ever ends", async () => {
    const flights = createSingleFlight<string>(1000);
    const stuck = () => new Promise<string>(() => {});
    void flights.run("a", stuck);
    const second = flights.run("a", stuck);
    const third = flights.run("a", stuck);
    const failed = failure(third);
    await vi.advanceTimersByTimeAsync(2002);
    expect(await failed).toMatchObject({ status: 503, code: "load_timeout" });
    void second;
  });
});
