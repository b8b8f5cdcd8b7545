/** Where the API key is kept: in this tab, for as long as it is open. */
const STORED = "foreword.key";

/**
 * The key that this tab signed in with. A link may bring one in its fragment (`/#key=fw_...`), which no server sees; it is
 * moved out of the address bar at once.
 */
export function readKey(): string | null {
  const brought = new URLSearchParams(location.hash.slice(1)).get("key");
  if (brought !== null) {
    history.replaceState(null, "", location.pathname + location.search);
    storeKey(brought);
  }
  return sessionStorage.getItem(STORED);
}

/** Keeps the key, or forgets it. */
export function storeKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, key);
}
