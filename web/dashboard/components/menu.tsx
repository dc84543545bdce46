// A button that opens a short list of things to do. The list stands in the browser's top layer, so nothing cuts it off.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";
import type { IconName } from "./icons.tsx";

export interface Item {
  title: string;
  hint?: string;
  icon?: IconName;
  danger?: boolean;
  /** Begins another group: a line stands above it. */
  apart?: boolean;
  /** One of several, and which one holds. */
  picked?: boolean;
  run(): void;
}

const GAP = 4;

export function Menu({ label, items, button, class: more = "glyph quiet", wide = false }: {
  /** What the button is for, where it shows no words. */
  label?: string;
  items: readonly Item[];
  button?: ComponentChildren;
  class?: string;
  /** As wide as the button. */
  wide?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const entries = () => [...(list.current?.querySelectorAll<HTMLButtonElement>("[role^=menuitem]") ?? [])];
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) opener.current?.focus();
  };
  useEffect(() => {
    const [button, box] = [opener.current, list.current];
    if (!open || !button || !box) return;
    box.showPopover();
    place(box, button, wide);
    (entries().find((one) => one.ariaChecked === "true") ?? entries()[0])?.focus();
    const away = (event: Event) => {
      const target = event.target as Node;
      if (!box.contains(target) && !button.contains(target)) setOpen(false);
    };
    const gone = () => setOpen(false);
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    addEventListener("resize", gone);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
      removeEventListener("resize", gone);
      box.hidePopover();
    };
  }, [open]);
  const onKey = (event: KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const next = steps[event.key];
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(true);
    else if (next !== undefined) all[(next + all.length) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu">
      <button ref={opener} type="button" class={more} aria-haspopup="menu" aria-expanded={open} aria-controls={id} aria-label={label}
        onClick={() => setOpen(!open)}>
        {button ?? <Icon name="more" />}
      </button>
      <div ref={list} id={id} class="menu-list" role="menu" aria-label={label ?? "Choices"} popover="manual" onKeyDown={onKey}>
        {items.map((item) => (
          <Entry
            key={item.title}
            item={item}
            run={() => {
              close(true);
              item.run();
            }}
          />
        ))}
      </div>
    </div>
  );
}

function Entry({ item, run }: { item: Item; run(): void }) {
  const shown = (
    <>
      {item.icon && <Icon name={item.icon} />}
      <span class="grow">{item.title}</span>
      {item.hint && <span class="soft small">{item.hint}</span>}
      {item.picked && <Icon name="check" />}
    </>
  );
  const look = { type: "button" as const, tabIndex: -1, class: [item.danger && "danger", item.apart && "apart"].filter(Boolean).join(" "), onClick: run };
  if (item.picked === undefined) {
    return (
      <button role="menuitem" {...look}>
        {shown}
      </button>
    );
  }
  return (
    <button role="menuitemradio" aria-checked={item.picked} {...look}>
      {shown}
    </button>
  );
}

/** Below the button, or above it where there is more room; inside the window in any case. */
function place(box: HTMLElement, button: HTMLElement, wide: boolean): void {
  const at = button.getBoundingClientRect();
  if (wide) box.style.width = `${Math.max(at.width, 190)}px`;
  const { width, height } = box.getBoundingClientRect();
  const left = wide ? at.left : at.right - width;
  const below = at.bottom + GAP + height <= innerHeight || at.top < height;
  box.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  box.style.top = `${below ? at.bottom + GAP : at.top - GAP - height}px`;
}
