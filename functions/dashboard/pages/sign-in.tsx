import { useEffect, useState } from "preact/hooks";
import { createApi } from "../api/client.ts";
import type { Quotas } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { Button, ErrorNote } from "../components/basics.tsx";
import { Field } from "../components/field.tsx";
import { Mark } from "../components/icons.tsx";

/** Asks for an API key, and whose it is. `known` is one from before, which is tried at once. */
export function SignIn({
  known,
  reason,
  onSignedIn,
}: {
  readonly known: string | null;
  readonly reason: string | undefined;
  onSignedIn(key: string, organization: string): void;
}) {
  const [key, setKey] = useState("");
  const enter = useAction(async (given: string) => {
    const { organization } = await createApi(given, () => undefined).get<Quotas>("/v1/quotas");
    onSignedIn(given, organization);
  });
  useEffect(() => {
    if (known !== null) void enter.run(known);
  }, []);
  const resuming = known !== null && enter.error === undefined;

  return (
    <main class="sign-in" aria-busy={resuming}>
      <div class="sign-in-card" hidden={resuming}>
        <p class="wordmark">
          <Mark /> Foreword
        </p>
        <h1>Sign in</h1>
        <p class="about">
          Foreword tunes a soft prompt when you upload a dataset, and serves it from the edge. Your API key
          says which organization you work for.
        </p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void enter.run(key.trim());
          }}
        >
          <Field label="API key" hint="It stays in this tab until you close it or sign out.">
            {(ids) => (
              <input
                {...ids}
                type="password"
                name="key"
                required
                autocomplete="off"
                spellcheck={false}
                placeholder="fw_…"
                value={key}
                onInput={(event) => setKey(event.currentTarget.value)}
              />
            )}
          </Field>
          {reason !== undefined && enter.error === undefined && <p class="note warn">{reason}</p>}
          <ErrorNote error={enter.error} />
          <Button kind="primary" type="submit" busy={enter.busy}>
            {enter.busy ? "Signing in…" : "Sign in"}
          </Button>
        </form>
        <details>
          <summary>Where do I find a key?</summary>
          <p>
            On your own machine <code>npm start</code> prints a link that signs you in, and keeps the key in{" "}
            <code>.foreword/credentials.json</code>. Elsewhere, ask whoever runs Foreword; they make keys with{" "}
            <code>npx foreword keys create</code>.
          </p>
        </details>
      </div>
    </main>
  );
}
