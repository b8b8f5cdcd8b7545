import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { notificationSchema, type BucketEvent } from "../../functions/events/bucket-event.ts";
import { handleBucketEvent } from "../../functions/events/handle-bucket-event.ts";
import { reconcileDatasets } from "../../functions/events/reconcile.ts";
import { createControlDeps } from "./control-deps.ts";

const KEY = "datasets/acme/data/train.jsonl";
const contents = ["one", "two", "bad"] as const;
type Content = (typeof contents)[number];
const textOf = (content: Content) =>
  content === "bad" ? "{" : JSON.stringify({ prompt: content, completion: " x" });

/** What is done to the object, and how often its event comes: never, once or several times. */
const step = fc.record({
  write: fc.oneof(fc.constantFrom(...contents), fc.constant(null)),
  deliveries: fc.integer({ min: 0, max: 2 }),
});

describe("bucket events", () => {
  test(
    "in any order, lost or repeated, come to the state that the bucket is in",
    { timeout: 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 6 }),
          fc.infiniteStream(fc.nat()),
          async (steps, random) => {
            const deps = createControlDeps();
            const pending: BucketEvent[] = [];
            const deliverOne = async () => {
              const at = (random.next().value as number) % pending.length;
              for (const event of pending.splice(at, 1)) await handleBucketEvent(deps, event);
            };
            for (const { write, deliveries } of steps) {
              const etag = write === null ? null : await deps.bucket.put(KEY, textOf(write));
              if (write === null) await deps.bucket.delete(KEY);
              const event: BucketEvent = {
                action: write === null ? "delete" : "put",
                bucket: "foreword",
                key: KEY,
                etag,
              };
              pending.push(...Array.from({ length: deliveries }, () => event));
              if (pending.length > 0 && (random.next().value as number) % 2) await deliverOne();
            }
            while (pending.length > 0) await deliverOne();
            for (let run = 0; run < 2; run++) await reconcileDatasets(deps);
            expect(deps.logged.filter(({ level }) => level === "error")).toEqual([]);

            const last = (await deps.bucket.head(KEY))?.etag;
            const live = await deps.database.all(
              "SELECT * FROM datasets WHERE deleted_at IS NULL ORDER BY id",
            );
            if (last === undefined) expect(live).toEqual([]);
            else expect(live.map((row) => row["etag"])).toContain(last);
            const versions = await deps.database.all(
              `SELECT etag, status, (SELECT COUNT(*) FROM jobs WHERE dataset_id = datasets.id) AS jobs FROM datasets`,
            );
            expect(new Set(versions.map((row) => row["etag"])).size).toBe(versions.length);
            for (const { status, jobs } of versions) expect(jobs).toBe(status === "accepted" ? 1 : 0);
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  test("with keys that only look like a dataset's touch nothing", async () => {
    const deps = createControlDeps();
    const part = fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "",
        "%2e%2e",
        "%2f",
        "\u0000",
        "acme",
        "data",
        "train.jsonl",
        "datasets",
        "\uff0e\uff0e",
      ),
      fc.string({ maxLength: 8 }),
      fc.constant("x".repeat(1100)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
        const key = ["datasets", ...parts].join("/");
        fc.pre(!/^datasets\/[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9-]{0,62}\/train\.jsonl$/.test(key));
        await deps.bucket.put(key, textOf("one"));
        const outcome = await handleBucketEvent(deps, { action: "put", bucket: "foreword", key, etag: null });
        expect(outcome.outcome).toBe("ignored");
      }),
      { numRuns: 500 },
    );
    expect(await deps.database.all("SELECT id FROM datasets")).toEqual([]);
  });

  test("that are nonsense are refused and crash nothing", () => {
    const sample = JSON.stringify({
      Records: [
        {
          eventName: "ObjectCreated:Put",
          s3: { bucket: { name: "b" }, object: { key: "a%2Fb", eTag: "x" } },
        },
      ],
    });
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.string({ minLength: 0, maxLength: 3 }), (at, patch) => {
        const mutated = sample.slice(0, at) + patch + sample.slice(at + 1);
        let json: unknown;
        try {
          json = JSON.parse(mutated);
        } catch {
          return;
        }
        notificationSchema.safeParse(json);
      }),
      { numRuns: 20_000 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (json) => void notificationSchema.safeParse(json)),
      { numRuns: 2000 },
    );
  });
});
