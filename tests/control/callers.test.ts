import { describe, expect, it } from "vitest";
import type { Deps } from "../../functions/deps.ts";
import { callersOf } from "../../functions/http/callers.ts";
import { createKeyRecords } from "../../functions/records/keys.ts";
import { openSqliteDatabase } from "../../scripts/serve-node/sqlite-database.ts";

function setUp() {
  const database = openSqliteDatabase(":memory:");
  const clock = { now: 1_790_000_000_000, questions: 0 };
  const counted = {
    ...database,
    first: (...question: Parameters<typeof database.first>) => {
      clock.questions++;
      return database.first(...question);
    },
  };
  const now = () => clock.now;
  const deps = { config: { adminKey: "secret" }, database: counted, now, log: () => {} } as unknown as Deps;
  const behind: Promise<void>[] = [];
  return {
    clock,
    keys: createKeyRecords({ database, now }),
    callers: callersOf(deps),
    authenticate: (key: string) => callersOf(deps).authenticate(key, (work) => behind.push(work)),
    settle: () => Promise.all(behind),
  };
}

describe("callers", () => {
  it("are looked up once while they keep calling", async () => {
    const { keys, authenticate, clock } = setUp();
    const { key } = await keys.create("acme", "test", ["inference"]);
    for (let i = 0; i < 50; i++) expect(await authenticate(key)).toMatchObject({ organization: "acme" });
    expect(clock.questions).toBe(1);
  });

  it("are found at once where their key was unknown a moment ago", async () => {
    const { keys, authenticate } = setUp();
    const { key, record } = await keys.create("acme", "test", ["inference"]);
    await keys.revoke("acme", record.id);
    expect(await authenticate(key)).toBeNull();
    const next = await keys.create("acme", "test", ["inference"]);
    expect(await authenticate(next.key)).not.toBeNull();
  });

  it("lose their rights at once where the key is revoked, elsewhere within seconds", async () => {
    const { keys, callers, authenticate, clock, settle } = setUp();
    const [here, elsewhere] = [
      await keys.create("acme", "a", ["inference"]),
      await keys.create("acme", "b", ["inference"]),
    ];
    await authenticate(here.key);
    await keys.revoke("acme", here.record.id);
    callers.forget();
    expect(await authenticate(here.key)).toBeNull();

    await authenticate(elsewhere.key);
    await keys.revoke("acme", elsewhere.record.id);
    clock.now += 3000;
    await authenticate(elsewhere.key);
    await settle();
    expect(await authenticate(elsewhere.key)).toBeNull();
  });

  it("lose a rotated key when its grace is over, whatever is remembered", async () => {
    const { keys, authenticate, clock } = setUp();
    const { key, record } = await keys.create("acme", "test", ["inference"]);
    await keys.rotate("acme", record.id, 1000);
    expect(await authenticate(key)).not.toBeNull();
    clock.now += 1000;
    expect(await authenticate(key)).toBeNull();
  });

  it("leave a note of when they called last, once a minute", async () => {
    const { keys, authenticate, clock, settle } = setUp();
    const { key } = await keys.create("acme", "test", ["inference"]);
    const lastUsed = async () => (await keys.list("acme"))[0]?.lastUsedAt;
    const first = clock.now;
    await authenticate(key);
    await settle();
    clock.now += 30_000;
    await authenticate(key);
    await settle();
    expect(await lastUsed()).toBe(first);
    clock.now += 31_000;
    await authenticate(key);
    await settle();
    expect(await lastUsed()).toBe(clock.now);
  });

  it("may be the deployment itself", async () => {
    const { authenticate, clock } = setUp();
    expect(await authenticate("secret")).toMatchObject({ organization: "admin" });
    expect(clock.questions).toBe(0);
  });
});
