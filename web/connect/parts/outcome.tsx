// The small parts of the screens after the first view.
import { useEffect, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { t, type TextKey } from "../i18n/index.ts";
import { Drawing } from "./base.tsx";

const SIGNS = {
  good: "M5 12.5l4.5 4.5L19 7.5",
  bad: "M12 6.5v7M12 17.2v.3",
  wait: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
};

export const Badge = ({ tone }: { tone: "good" | "bad" | "wait" }) => (
  <span class={`badge ${tone}`}>
    <Drawing path={SIGNS[tone]} />
  </span>
);

export const Spinner = () => <span class="spinner big" />;

/** Who must act on a problem. */
export type Actor = "user" | "admin" | "developer" | "nobody";

const WHO: Record<Actor, TextKey> = {
  user: "whoUser",
  admin: "whoAdmin",
  developer: "whoDeveloper",
  nobody: "whoNobody",
};

export const Who = ({ actor }: { actor: Actor }) => (
  <p class="who">
    <b>{t(WHO[actor])}</b>
  </p>
);

interface ButtonProps {
  onClick: () => void;
  kind?: "primary" | "quiet" | "choice";
  children: ComponentChildren;
}

export const Button = ({ onClick, kind, children }: ButtonProps) => (
  <button type="button" class={kind} onClick={onClick}>
    {children}
  </button>
);

/** Copies a text and says so. */
export function CopyButton({ text }: { text: string }) {
  const [said, say] = useState<"copy" | "copied" | "copyByHand">("copy");
  useEffect(() => {
    if (said === "copy") return;
    const timer = setTimeout(() => say("copy"), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => navigator.clipboard.writeText(text).then(() => say("copied"), () => say("copyByHand"));
  return (
    <button type="button" aria-live="polite" onClick={copy}>
      {t(said)}
    </button>
  );
}

/** A date in the reader's language; nothing when it is none. */
export function when(text: string | undefined, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(document.documentElement.lang, options);
}
