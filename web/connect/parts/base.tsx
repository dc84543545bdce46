// The small parts that every screen is made of. Text only ever enters through text nodes and attributes.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { t, type TextKey } from "../i18n/index.ts";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 6.5v7M12 17.2v.3",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  next: "M9 5l7 7-7 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.5 15.5L20 20",
};

export const Icon = ({ name }: { name: keyof typeof ICONS }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path d={ICONS[name]} />
  </svg>
);

/** Initials on a colour that follows from the name: our own mark, no third party's artwork. */
export function Mark({ name }: { name: string }) {
  const words = name.replace(/\(.*/, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = "", last = ""] = [words[0], words[words.length - 1]];
  const initials = words.length > 1 ? [...first].slice(0, 1).concat([...last].slice(0, 1)).join("") : [...name].slice(0, 2).join("");
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997, 7) % 6;
  return (
    <span class={`logo hue${hue}`} aria-hidden="true">
      {initials.toUpperCase()}
    </span>
  );
}

export const Badge = ({ tone }: { tone: "good" | "bad" | "wait" }) => (
  <span class={`badge ${tone}`}>
    <Icon name={tone === "good" ? "check" : tone === "bad" ? "alert" : "clock"} />
  </span>
);

export const Spinner = () => <span class="spinner big" />;

interface HeadProps {
  mark?: ComponentChildren;
  title: string;
  /** Read out at once: for what went wrong. */
  alert?: boolean;
  children?: ComponentChildren;
}

/** A screen's top. Its heading takes the focus, so that a screen reader begins there. */
export function Head({ mark, title, alert, children }: HeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [title]);
  return (
    <div class="head">
      {mark}
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children && (
        <p class="lead" role={alert ? "alert" : undefined}>
          {children}
        </p>
      )}
    </div>
  );
}

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

/** A link out, or nothing when the address is not http(s): addresses come from errors and definitions. */
export function OutLink({ href, children }: { href: string | undefined; children: ComponentChildren }) {
  if (!href || !/^https?:\/\//i.test(href)) return null;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

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
