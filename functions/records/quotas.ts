import { RateLimitError } from "../../shared/errors.ts";
import type { SqlDatabase } from "../../shared/ports/sql-database.ts";

/** What an organisation may use in one day (UTC), and what it has used of it. */
export interface Quota {
  readonly limit: number;
  readonly used: number;
}
export type QuotaKind = "rows" | "jobs" | "tokens";
export type Quotas = Readonly<Record<QuotaKind, Quota>>;

/** Limits of an organisation for which no others are set: generous for people, a bound for runaway scripts. */
const USUAL: Readonly<Record<QuotaKind, number>> = {
  rows: 10_000_000,
  jobs: 1000,
  tokens: 100_000_000,
};
const DAY_MS = 86_400_000;

export interface QuotaRecords {
  get(organization: string): Promise<Quotas>;
  /** Sets limits that differ from the usual ones; null goes back to those. */
  set(
    organization: string,
    limits: { readonly [kind in QuotaKind]?: number | null | undefined },
  ): Promise<void>;
  /** Throws RateLimitError (`quota_exceeded`) when one of the kinds is used up for today. */
  require(organization: string, kinds: readonly QuotaKind[]): Promise<void>;
  /** Counts tokens of generation. */
  addTokens(organization: string, tokens: number): Promise<void>;
}

export function createQuotaRecords(database: SqlDatabase, now: () => number): QuotaRecords {
  const today = () => Math.floor(now() / DAY_MS);
  const get = async (organization: string): Promise<Quotas> => {
    const row = await database.first(
      `SELECT quotas.*, usage.* FROM (SELECT 1) LEFT JOIN quotas ON quotas.organization = ?1
       LEFT JOIN usage ON usage.organization = ?1 AND day = ?2`,
      organization,
      today(),
    );
    const quota = (kind: QuotaKind): Quota => ({
      limit: (row?.[`${kind}_per_day`] as number | null | undefined) ?? USUAL[kind],
      used: (row?.[kind] as number | null | undefined) ?? 0,
    });
    return { rows: quota("rows"), jobs: quota("jobs"), tokens: quota("tokens") };
  };
  return {
    get,
    async set(organization, { rows, jobs, tokens }) {
      await database.run(
        `INSERT INTO quotas (organization, rows_per_day, jobs_per_day, tokens_per_day) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (organization) DO UPDATE SET rows_per_day = ?2, jobs_per_day = ?3, tokens_per_day = ?4`,
        organization,
        rows ?? null,
        jobs ?? null,
        tokens ?? null,
      );
    },
    async require(organization, kinds) {
      const quotas = await get(organization);
      for (const kind of kinds) {
        const { limit, used } = quotas[kind];
        if (used < limit) continue;
        throw new RateLimitError(
          `Organization "${organization}" has used ${used} ${kind} today, ${limit} are allowed`,
          {
            code: "quota_exceeded",
            retryAfter: Math.ceil((DAY_MS - (now() % DAY_MS)) / 1000),
          },
        );
      }
    },
    async addTokens(organization, tokens) {
      await database.run(
        `INSERT INTO usage (organization, day, tokens) VALUES (?1, ?2, ?3)
         ON CONFLICT (organization, day) DO UPDATE SET tokens = tokens + excluded.tokens`,
        organization,
        today(),
        tokens,
      );
    },
  };
}
