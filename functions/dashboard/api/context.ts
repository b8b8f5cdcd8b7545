import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Api } from "./client.ts";

/** The API as the signed-in key sees it, and whose key it is. */
export interface Session {
  readonly api: Api;
  readonly organization: string;
  signOut(): void;
}

export const SessionContext = createContext<Session | null>(null);

/** The session; only pages behind the sign-in call this. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("This component is shown behind the sign-in only");
  return session;
}

export const useApi = (): Api => useSession().api;
