// A button that opens a list of boxes to tick.

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icons.tsx";

export function PickMany({ label, options, picked, change }: {
  label: string;
  options: readonly { value: string; name: string }[];
  picked: readonly string[];
  change(picked: string[]): void;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
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
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    event.stopPropagation();
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  // What an address names and this list does not know can still be taken out.
  const unknown = picked.filter((value) => !options.some((one) => one.value === value)).map((value) => ({ value, name: value }));
  const names = [...options, ...unknown].filter((one) => picked.includes(one.value)).map((one) => one.name);
  return (
    <div class="menu pick-many" ref={box} onKeyDown={onKeyDown}>
      <button type="button" aria-expanded={open} aria-controls={id} class={picked.length > 0 ? "is-set" : undefined} onClick={() => setOpen(!open)}>
        <span class="cut">{names.length === 0 ? label : names.length === 1 ? names[0] : `${label}: ${names.length}`}</span>
        <Icon name="down" />
      </button>
      <div id={id} class="menu-list pick-list" hidden={!open} role="group" aria-label={label}>
        {[...options, ...unknown].map((one) => (
          <label key={one.value} class="pick-one">
            <input type="checkbox" checked={picked.includes(one.value)}
              onChange={(event) => change(event.currentTarget.checked ? [...picked, one.value] : picked.filter((value) => value !== one.value))} />
            {one.name}
          </label>
        ))}
      </div>
    </div>
  );
}
