// The small parts that every screen is made of. Text only ever enters through text nodes and attributes.
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  next: "M9 5l7 7-7 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.5 15.5L20 20",
};

/** A drawing of one line. */
export const Drawing = ({ path }: { path: string }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true">
    <path d={path} />
  </svg>
);

export const Icon = ({ name }: { name: keyof typeof ICONS }) => <Drawing path={ICONS[name]} />;

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

/** A link out, or nothing when the address is not http(s): addresses come from errors and definitions. */
export function OutLink({ href, children }: { href: string | undefined; children: ComponentChildren }) {
  if (!href || !/^https?:\/\//i.test(href)) return null;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
