// A button that opens a short list of things to do.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

export interface Item {
  title: string;
  hint?: string;
  icon?: IconName;
  danger?: boolean;
  /** One of several, and which one holds. */
  picked?: boolean;
  run(): void;
}

export function Menu({ label, items, button, class: more = "glyph quiet", up = false, wide = false }: {
  /** What the button is for, where it shows no words. */
  label?: string;
  items: readonly Item[];
  button?: ComponentChildren;
  class?: string;
  up?: boolean;
  wide?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const entries = () => [...(box.current?.querySelectorAll<HTMLButtonElement>("[role^=menuitem]") ?? [])];
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) box.current?.querySelector("button")?.focus();
  };
  useEffect(() => {
    if (!open) return;
    (entries().find((one) => one.ariaChecked === "true") ?? entries()[0])?.focus();
    const away = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open]);
  const onKey = (event: KeyboardEvent) => {
    if (!open) return;
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const next = steps[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return setOpen(false);
    else if (next !== undefined) all[(next + all.length) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" ref={box} onKeyDown={onKey}>
      <button type="button" class={more} aria-haspopup="menu" aria-expanded={open} aria-controls={id} aria-label={label} onClick={() => setOpen(!open)}>
        {button ?? <Icon name="more" />}
      </button>
      <div id={id} class={`menu-list ${up ? "up" : ""} ${wide ? "wide" : ""}`} role="menu" hidden={!open}>
        {items.map((item) => (
          <button
            key={item.title}
            type="button"
            role={item.picked === undefined ? "menuitem" : "menuitemradio"}
            aria-checked={item.picked}
            tabIndex={-1}
            class={item.danger ? "danger" : undefined}
            onClick={() => {
              close(true);
              item.run();
            }}
          >
            {item.icon && <Icon name={item.icon} />}
            <span class="grow">{item.title}</span>
            {item.hint && <span class="soft small">{item.hint}</span>}
            {item.picked && <Icon name="check" />}
          </button>
        ))}
      </div>
    </div>
  );
}
