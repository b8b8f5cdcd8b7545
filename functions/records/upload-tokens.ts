import { AuthenticationError } from "../../shared/errors.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Deps } from "../deps.ts";

const TOKEN_BYTES = 24;
/** Long enough for a slow line, short enough for a link that leaks. */
export const LIFETIME_MS = 60 * 60_000;

export interface UploadTokens {
  /** A token that lets whoever has it upload this dataset once. `expiresAt` is in milliseconds since 1970. */
  create(organization: string, dataset: string, tune: boolean): Promise<{ token: string; expiresAt: number }>;
  /** Takes a token in. Throws AuthenticationError when it is unknown, used or too old. */
  redeem(token: string): Promise<{ organization: string; dataset: string; tune: boolean }>;
}

export function createUploadTokens({ database, now }: Pick<Deps, "database" | "now">): UploadTokens {
  return {
    async create(organization, dataset, tune) {
      const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
      const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      const expiresAt = now() + LIFETIME_MS;
      await database.run(
        "INSERT INTO upload_tokens (sha256, organization, dataset, expires_at, tune) VALUES (?1, ?2, ?3, ?4, ?5)",
        await sha256Hex(token),
        organization,
        dataset,
        expiresAt,
        Number(tune),
      );
      return { token, expiresAt };
    },
    async redeem(token) {
      const [row] = await database.all(
        `UPDATE upload_tokens SET used_at = ?2 WHERE sha256 = ?1 AND used_at IS NULL AND expires_at > ?2 RETURNING *`,
        await sha256Hex(token),
        now(),
      );
      if (!row) {
        throw new AuthenticationError("This upload URL is unknown, used or too old; ask for a new one", {
          code: "invalid_upload_url",
        });
      }
      return {
        organization: row["organization"] as string,
        dataset: row["dataset"] as string,
        tune: row["tune"] === 1,
      };
    },
  };
}
