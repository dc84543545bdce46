// `?`: the keys that do something right now.

import { signal } from "@preact/signals";
import { Dialog } from "../components/dialog.tsx";
import { groups } from "./keys.ts";

export const keyListOpen = signal(false);

export function KeyList() {
  const known = new Map<string, Map<string, string>>();
  for (const group of groups.value) {
    const keys = known.get(group.title) ?? new Map<string, string>();
    for (const key of group.keys) keys.set(key.keys, key.what);
    if (keys.size > 0) known.set(group.title, keys);
  }
  return (
    <Dialog title="Keys" close={() => (keyListOpen.value = false)}>
      <div class="key-list">
        {[...known].map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {[...keys].map(([strokes, what]) => (
                <div key={strokes}>
                  <dt>{what}</dt>
                  <dd>
                    {strokes.split(" ").map((stroke) => (
                      <kbd key={stroke}>{named(stroke)}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function named(stroke: string): string {
  return stroke.replace("mod+", "Ctrl ").replace("Enter", "↵").replace("Escape", "Esc");
}
