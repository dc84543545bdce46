// Parts of one page, one at a time.

import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab {
  id: string;
  title: string;
  count?: number;
}

export function Tabs({ label, tabs, at, change, children }: {
  label: string;
  tabs: readonly Tab[];
  at: string;
  change(id: string): void;
  children: ComponentChildren;
}) {
  const prefix = useId();
  const row = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const here = tabs.findIndex((tab) => tab.id === at);
    const steps: Record<string, number> = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (tab) change(tab.id);
    row.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div class="tabs">
      <div class="tab-row" role="tablist" aria-label={label} ref={row} onKeyDown={onKey}>
        {tabs.map((tab) => (
          <button key={tab.id} type="button" role="tab" id={`${prefix}${tab.id}`} aria-selected={tab.id === at} aria-controls={`${prefix}panel`}
            tabIndex={tab.id === at ? 0 : -1} onClick={() => change(tab.id)}>
            {tab.title}
            {tab.count !== undefined && <span class="count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${prefix}panel`} aria-labelledby={`${prefix}${at}`} tabIndex={0}>
        {children}
      </div>
    </div>
  );
}
