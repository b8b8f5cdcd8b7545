import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { callApi } from "../dev/api.ts";
import type { ChaosStack } from "./stack.ts";

const ORGANIZATION = "acme";
const METRIC = "clicks";
const UNITS = 20;
/** As a careful client does: with the same keys, until it is told that they are taken. */
const ATTEMPTS = 5;
const TIMEOUT_MS = 10_000;
const assignmentsSchema = z.object({ data: z.array(z.object({ exposure: z.string() })) });
const acceptedSchema = z.object({ accepted: z.literal(UNITS) });

/** Callers of an experiment, whose calls fail like everybody's. */
export interface Traffic {
  /** Assigns units and reports an outcome of each, through the faults. Gives how many calls were made again. */
  send(): Promise<number>;
  /** Acknowledged outcomes that are not counted yet. */
  missing(database: DatabaseSync): number;
  /** Whatever was counted twice, or was never sent, and sums that are not those of their parts. */
  check(database: DatabaseSync): string[];
  end(): Promise<void>;
}

/** Starts an experiment to send traffic to. */
export async function startTraffic(stack: ChaosStack, seed: number): Promise<Traffic> {
  const key = stack.keys[ORGANIZATION] ?? "";
  const name = `trial-${seed}`;
  const variants = ["a", "b"].map((one) => ({ key: one, model: stack.baseModel }));
  const metrics = [{ key: METRIC, kind: "count" }];
  const body = { name, variants, metrics };
  const { id } = (await callApi(stack.url, key, "/v1/experiments", z.object({ id: z.string() }), body)).data;
  const sent = new Set<string>();
  const acknowledged = new Set<string>();
  let calls = 0;
  let repeated = 0;

  const persist = async <T>(path: string, schema: z.ZodType<T>, content: unknown): Promise<T | null> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        return (await callApi(stack.proxiedUrl, key, path, schema, content, TIMEOUT_MS)).data;
      } catch {
        // That calls fail is what this is about; whether their effects are right is what is checked.
        repeated++;
      }
    }
    return null;
  };
  const counted = (database: DatabaseSync) => {
    const sql = "SELECT key FROM counted_outcomes WHERE organization = ? AND key LIKE ?";
    const rows = database.prepare(sql).all(ORGANIZATION, `outcome:${METRIC}:${name}:%`);
    return new Set(rows.map((row) => String(row["key"])));
  };
  const number = (database: DatabaseSync, sql: string) =>
    Number(Object.values(database.prepare(sql).get(id) ?? {})[0] ?? 0);

  return {
    async send() {
      const before = repeated;
      const call = calls++;
      const units = Array.from({ length: UNITS }, (_, i) => `unit-${call % 3}-${i}`);
      const assigned = await persist("/v1/assignments", assignmentsSchema, { experiment: name, units });
      if (!assigned) return repeated - before;
      const keys = units.map((unit) => `${name}:${call}:${unit}`);
      const outcomes = assigned.data.map(({ exposure }, i) => ({
        exposure,
        metric: METRIC,
        value: 1,
        idempotency_key: keys[i],
      }));
      const named = keys.map((one) => `outcome:${METRIC}:${one}`);
      for (const one of named) sent.add(one);
      if (await persist("/v1/outcomes", acceptedSchema, { outcomes }))
        for (const one of named) acknowledged.add(one);
      return repeated - before;
    },
    missing: (database) => acknowledged.difference(counted(database)).size,
    check(database) {
      const violations: string[] = [];
      const keys = counted(database);
      const invented = keys.difference(sent).size;
      if (invented > 0) violations.push(`experiment ${name}: ${invented} outcomes counted that nobody sent`);
      const sums = {
        outcomes: number(
          database,
          "SELECT SUM(outcomes) FROM unit_metrics WHERE experiment_id = ? AND metric = 'clicks'",
        ),
        total: number(
          database,
          "SELECT SUM(total) FROM experiment_aggregates WHERE experiment_id = ? AND metric = 'clicks'",
        ),
      };
      for (const [what, sum] of Object.entries(sums))
        if (sum !== keys.size) violations.push(`experiment ${name}: ${what} are ${sum}, keys ${keys.size}`);
      const units = number(database, "SELECT COUNT(*) FROM experiment_units WHERE experiment_id = ?");
      const aggregated = number(
        database,
        "SELECT SUM(units) FROM experiment_aggregates WHERE experiment_id = ? AND metric = ''",
      );
      if (units !== aggregated)
        violations.push(`experiment ${name}: ${aggregated} units counted of ${units}`);
      return violations;
    },
    async end() {
      await callApi(stack.url, key, `/v1/experiments/${id}/stop`, z.object({}), {});
    },
  };
}
