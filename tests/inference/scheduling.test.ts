import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAdmission } from "../../functions/inference/admission.ts";
import { createCancellation } from "../../functions/inference/cancellation.ts";
import { pause } from "../../functions/inference/pause.ts";
import { createSingleFlight } from "../../functions/inference/single-flight.ts";
import { createTurnLock } from "../../functions/inference/turn-lock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const live = () => createCancellation();
const nothing = () => {};
/** What a promise fails with; taken at once, so that no failure goes unhandled while time is advanced. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => undefined).catch((error: unknown) => error);

describe("admission", () => {
  const limits = { active: 2, bytes: 100, waiting: 2, patience: 1000, silence: 5000 };
  const time = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

  it("lets so many in, has so many wait in order, and turns the rest away", async () => {
    const admission = createAdmission(limits, Date.now);
    const order: string[] = [];
    const enter = async (name: string) => {
      const place = await admission.enter(live(), 1, nothing);
      order.push(name);
      return place;
    };
    const a = await enter("a");
    const b = await enter("b");
    const c = enter("c");
    const d = enter("d");
    expect(await failure(enter("e"))).toMatchObject({ status: 503, code: "overloaded", retryAfter: 2 });
    expect(admission.counts()).toEqual({ active: 2, waiting: 2 });
    await time(100);
    expect(order).toEqual(["a", "b"]);
    b.leave();
    b.leave();
    await time(20);
    expect(order).toEqual(["a", "b", "c"]);
    a.leave();
    await time(20);
    (await c).leave();
    (await d).leave();
    expect(order).toEqual(["a", "b", "c", "d"]);
    expect(admission.counts()).toEqual({ active: 0, waiting: 0 });
  });

  it("lets nobody overtake those who wait", async () => {
    const admission = createAdmission({ ...limits, active: 1 }, Date.now);
    const first = await admission.enter(live(), 1, nothing);
    const order: string[] = [];
    const enter = async (name: string) => {
      await admission.enter(live(), 1, nothing);
      order.push(name);
    };
    void enter("waits");
    await time(10);
    first.leave();
    void enter("comes later");
    await time(20);
    expect(order).toEqual(["waits"]);
  });

  it("lets in as many as there is memory for, and one alone whatever it needs", async () => {
    const admission = createAdmission({ ...limits, active: 9 }, Date.now);
    const large = await admission.enter(live(), 1000, nothing);
    const first = admission.enter(live(), 60, nothing);
    const second = admission.enter(live(), 60, nothing);
    await time(50);
    expect(admission.counts()).toEqual({ active: 1, waiting: 2 });
    large.leave();
    await time(50);
    expect(admission.counts()).toEqual({ active: 1, waiting: 1 });
    (await first).leave();
    await time(50);
    expect(admission.counts()).toEqual({ active: 1, waiting: 0 });
    (await second).leave();
  });

  it("turns away who waited too long, and forgets who left", async () => {
    const admission = createAdmission({ ...limits, active: 1 }, Date.now);
    const place = await admission.enter(live(), 1, nothing);
    const waited = failure(admission.enter(live(), 1, nothing));
    const caller = createCancellation();
    const left = failure(admission.enter(caller, 1, nothing));
    caller.cancel(new Error("left"));
    caller.cancel(new Error("left again"));
    await time(20);
    expect(await left).toHaveProperty("message", "left");
    expect(admission.counts()).toEqual({ active: 1, waiting: 1 });
    await time(1001);
    expect(await waited).toMatchObject({ status: 503, code: "overloaded", retryAfter: 5 });
    expect(admission.counts()).toEqual({ active: 1, waiting: 0 });
    place.leave();
  });

  it("takes a place back from a holder who gives no sign of life", async () => {
    const admission = createAdmission({ ...limits, active: 1 }, Date.now);
    const lost = vi.fn<() => void>();
    const first = await admission.enter(live(), 1, lost);
    await time(4000);
    first.renew();
    await time(4000);
    const turnedAway = failure(admission.enter(live(), 1, nothing));
    await time(990);
    expect(lost).not.toHaveBeenCalled();
    await time(20);
    expect(await turnedAway).toMatchObject({ code: "overloaded" });
    const place = await admission.enter(live(), 1, nothing);
    expect(lost).toHaveBeenCalledOnce();
    // The lost holder's leaving must not free the place of the one who has it now.
    first.leave();
    expect(admission.counts().active).toBe(1);
    place.leave();
  });

  it("passes over waiters whom the runtime has ended", async () => {
    const admission = createAdmission({ ...limits, active: 1, patience: 60_000 }, Date.now);
    const first = await admission.enter(live(), 1, nothing);
    const timers = vi.spyOn(globalThis, "setTimeout").mockImplementationOnce(() => 0 as never);
    void admission.enter(live(), 1, nothing);
    timers.mockRestore();
    let entered = false;
    void admission.enter(live(), 1, nothing).then(() => (entered = true));
    await time(100);
    first.leave();
    await time(5000);
    expect(entered).toBe(false);
    await time(6000);
    expect(entered).toBe(true);
  });
});

describe("turn lock", () => {
  const step = (log: string[], name: string) => async () => {
    log.push(`${name} begins`);
    await pause(3);
    log.push(`${name} ends`);
    if (name === "b") throw new Error(name);
    return name;
  };

  it("lets one piece of work run at a time, and goes on after a failure", async () => {
    const lock = createTurnLock(Date.now);
    const log: string[] = [];
    const results = Promise.allSettled(["a", "b", "c"].map((name) => lock.run(step(log, name))));
    await vi.advanceTimersByTimeAsync(100);
    expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("gives requests their turns round robin", async () => {
    const lock = createTurnLock(Date.now);
    const log: string[] = [];
    const request = async (name: string) => {
      for (let count = 0; count < 3; count++) {
        await lock.run(async () => {
          log.push(name);
          await pause(3);
        });
      }
    };
    const requests = Promise.all([request("a"), request("b"), request("c")]);
    await vi.advanceTimersByTimeAsync(100);
    await requests;
    expect(log.join("")).toBe("abcabcabc");
  });

  it("is taken from whoever was ended in the middle of a step", async () => {
    const lock = createTurnLock(Date.now);
    void lock.run(() => new Promise(() => {}));
    const next = lock.run(() => Promise.resolve("next"));
    await vi.advanceTimersByTimeAsync(30_001);
    expect(await next).toBe("next");
  });
});

describe("single flight", () => {
  it("shares work under way and forgets it afterwards", async () => {
    const flights = createSingleFlight<number>(1000, Date.now);
    let runs = 0;
    const work = async () => {
      await pause(50);
      return ++runs;
    };
    const both = Promise.all([flights.run("a", work), flights.run("a", work)]);
    await vi.advanceTimersByTimeAsync(100);
    expect(await both).toEqual([1, 1]);
    const again = flights.run("a", work);
    await vi.advanceTimersByTimeAsync(100);
    expect(await again).toBe(2);
    const failing = Promise.allSettled(
      [1, 2].map(() => flights.run("a", () => pause(10).then(() => Promise.reject(new Error("no"))))),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect((await failing).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  it("begins anew when the work under way never ends", async () => {
    const flights = createSingleFlight<string>(1000, Date.now);
    void flights.run("a", () => new Promise(() => {}));
    const second = flights.run("a", () => Promise.resolve("done"));
    await vi.advanceTimersByTimeAsync(1001);
    expect(await second).toBe("done");
  });

  it("gives up when nothing ever ends", async () => {
    const flights = createSingleFlight<string>(1000, Date.now);
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
