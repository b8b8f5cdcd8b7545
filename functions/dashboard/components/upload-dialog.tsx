import { useState } from "preact/hooks";
import { useApi } from "../api/context.ts";
import type { Dataset } from "../api/types.ts";
import { useAction } from "../api/use-action.ts";
import { bytes } from "../format.ts";
import { Button, ErrorNote, Meter } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { noSettings, toSettings, TuneSettingsFields } from "./tune-settings.tsx";

/** What a request with rows in it may have; escaping makes a file a little longer. */
const MAX_BYTES = 15 * 1024 * 1024;

/** Names a file, sends it, and shows how far it is. */
export function UploadDialog({
  file,
  onClose,
  onUploaded,
}: {
  readonly file: File;
  onClose(): void;
  onUploaded(dataset: Dataset): void;
}) {
  const api = useApi();
  const [name, setName] = useState(datasetName(file.name));
  const [tune, setTune] = useState(true);
  const [settings, setSettings] = useState(noSettings);
  const [heldOut, setHeldOut] = useState<File>();
  const [sent, setSent] = useState(0);
  const upload = useAction(async () => {
    const body = {
      name,
      content: await file.text(),
      tune,
      settings: toSettings(settings),
      ...(heldOut ? { validation_rows: await readRows(heldOut) } : {}),
    };
    onUploaded(await api.upload<Dataset>("/v1/datasets", body, setSent));
  });
  const tooLarge = file.size > MAX_BYTES;

  return (
    <Dialog title={`Upload ${file.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void upload.run();
        }}
      >
        <p class="muted">{bytes(file.size)}</p>
        {tooLarge && (
          <p class="note bad" role="alert">
            Files of more than {bytes(MAX_BYTES)} go into the bucket directly: put it to{" "}
            <code>datasets/&lt;organization&gt;/{name}/train.jsonl</code> with any S3 client, or use{" "}
            <code>npx foreword datasets push</code>.
          </p>
        )}
        <Field label="Name" hint="Lower-case letters, digits and -. The same name makes a new version.">
          {(ids) => (
            <input
              {...ids}
              required
              pattern="[a-z0-9][a-z0-9\-]{0,62}"
              autocomplete="off"
              spellcheck={false}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field
          label="Validation rows"
          hint="A second file, which is never tuned on. Without one, datasets of 200 rows or more spare some."
        >
          {(ids) => (
            <input
              {...ids}
              type="file"
              accept=".jsonl,.json,application/jsonl"
              onChange={(event) => setHeldOut(event.currentTarget.files?.[0])}
            />
          )}
        </Field>
        <label class="check">
          <input type="checkbox" checked={tune} onChange={(event) => setTune(event.currentTarget.checked)} />
          Tune on it as soon as it is accepted
        </label>
        {tune && <TuneSettingsFields form={settings} onChange={setSettings} />}
        {upload.busy && (
          <div class="progress-line" aria-live="polite">
            <Meter share={sent} label="Uploaded" />
            <span class="muted">
              {sent < 1 ? `Uploading, ${Math.round(sent * 100)} %` : "Checking every row…"}
            </span>
          </div>
        )}
        <ErrorNote error={upload.error} />
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={tooLarge} busy={upload.busy}>
            Upload
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A file's rows. Throws an Error that names the first line that is none. */
async function readRows(file: File): Promise<unknown[]> {
  const lines = (await file.text()).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw new Error(`Line ${i + 1} of "${file.name}" is not JSON`);
    }
  });
}

/** A name after the file's, in the API's alphabet. */
function datasetName(file: string): string {
  const stem = file.replace(/\.[^.]*$/, "").toLowerCase();
  return (
    stem
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 63) || "dataset"
  );
}
