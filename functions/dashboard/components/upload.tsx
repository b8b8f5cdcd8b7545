import { useRef, useState } from "preact/hooks";
import { Button } from "./basics.tsx";

/** Where files are dropped, or chosen by keyboard and finger. */
export function DropZone({ busy, onFile }: { readonly busy: boolean; onFile(file: File): void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    setOver(false);
    const file = files?.[0];
    if (file && !busy) onFile(file);
  };
  return (
    <div
      class={`drop ${over ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer?.files);
      }}
    >
      <svg class="icon" viewBox="0 0 24 24" width="32" height="32" aria-hidden="true">
        <path d="M12 16V4M7 9l5-5 5 5M4 15v4a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-4" />
      </svg>
      <p class="drop-title">Drop a JSON lines file here</p>
      <p class="muted">
        One row a line: <code>{'{"prompt": …, "completion": …}'}</code>,{" "}
        <code>{'{"text": …, "label": …}'}</code> or <code>{'{"messages": […]}'}</code>
      </p>
      <Button kind="primary" busy={busy} onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <input
        ref={input}
        class="sr-only"
        type="file"
        accept=".jsonl,.json,application/jsonl"
        aria-label="Dataset file"
        tabIndex={-1}
        onChange={(event) => {
          take(event.currentTarget.files);
          // The same file, corrected, must be taken again.
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
