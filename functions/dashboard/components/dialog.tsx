import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Action } from "../api/use-action.ts";
import { Button, ErrorNote } from "./basics.tsx";

/** A question in front of the page. The browser keeps the focus in it, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  onClose(): void;
  readonly children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm({
  title,
  verb,
  danger = false,
  action,
  onClose,
  children,
}: {
  readonly title: string;
  readonly verb: string;
  readonly danger?: boolean;
  readonly action: Action<[]>;
  onClose(): void;
  readonly children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <ErrorNote error={action.error} />
      <div class="dialog-actions">
        <Button onClick={onClose}>Keep it as it is</Button>
        <Button kind={danger ? "danger" : "primary"} busy={action.busy} onClick={() => void action.run()}>
          {verb}
        </Button>
      </div>
    </Dialog>
  );
}
