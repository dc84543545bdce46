// Copying with one click.

import { useState } from "preact/hooks";
import { Icon } from "./icons.tsx";
import { complain } from "./toast.tsx";

const SHOWS_MS = 1500;

/** Puts a text on the clipboard; false where the browser refuses. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Where the page is not served by https or from localhost, there is no clipboard but the selection. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

/** A button that copies; with `label` it shows words, without them only its mark. */
export function CopyButton({ text, what, label }: { text: string | (() => string); what: string; label?: string }) {
  const [done, setDone] = useState(false);
  const run = async () => {
    if (!(await copy(typeof text === "string" ? text : text()))) return complain("The browser did not allow copying.");
    setDone(true);
    setTimeout(() => setDone(false), SHOWS_MS);
  };
  return (
    <button type="button" class={label ? "tiny" : "tiny glyph quiet"} title={`Copy ${what}`} aria-label={label ? undefined : `Copy ${what}`} onClick={run}>
      <Icon name={done ? "check" : "copy"} />
      {label && (done ? "Copied" : label)}
      <span class="unseen" role="status">
        {done ? "Copied" : ""}
      </span>
    </button>
  );
}

/** A value to copy: an address, an id. */
export function CopyText({ text, what }: { text: string; what: string }) {
  return (
    <span class="copy-text">
      <code class="grow">{text}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
