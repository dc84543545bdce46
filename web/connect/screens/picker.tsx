// Which integration: a list that narrows while one types.
import { useRef, useState } from "preact/hooks";
import type { Integration } from "../api.ts";
import { t } from "../i18n/index.ts";
import { Head, Icon } from "../parts/base.tsx";
import { Mark } from "../parts/mark.tsx";

export const nameOf = (item: Integration) => item.display_name || item.unique_key;

/** Letters without their marks, so that "e" finds "é". */
const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

interface PickerProps {
  all: readonly Integration[];
  choose: (item: Integration) => void;
  /** The one that is being opened. */
  busy: string | null;
}

export function Picker({ all, choose, busy }: PickerProps) {
  const [wanted, setWanted] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const words = plain(wanted.trim()).split(/\s+/);
  const found = all.filter((item) => {
    const text = plain(`${nameOf(item)} ${item.unique_key} ${item.provider}`);
    return words.every((word) => text.includes(word));
  });
  const move = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const rows = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = rows.indexOf(document.activeElement as HTMLButtonElement) + (event.key === "ArrowDown" ? 1 : -1);
    rows[Math.max(0, Math.min(at, rows.length - 1))]?.focus();
    event.preventDefault();
  };
  return (
    <div class="picker" onKeyDown={move}>
      <Head title={t("listTitle")}>{t("listLead")}</Head>
      <div class="box search">
        <Icon name="search" />
        <input
          type="search"
          placeholder={t("search")}
          aria-label={t("searchLabel")}
          autocomplete="off"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && found[0] && choose(found[0])}
        />
      </div>
      <ul class="list" ref={list}>
        {found.map((item) => (
          <li key={item.unique_key}>
            <button type="button" class="row" aria-busy={busy === item.unique_key} onClick={() => choose(item)}>
              <Mark name={nameOf(item)} mark={item.mark} categories={item.categories} />
              <span>{nameOf(item)}</span>
              {busy === item.unique_key ? <span class="spinner" /> : <Icon name="next" />}
            </button>
          </li>
        ))}
      </ul>
      <p class={found.length ? "hidden" : "hint empty"} role="status">
        {wanted && count(found.length)}
      </p>
    </div>
  );
}

function count(found: number): string {
  if (found === 0) return t("foundNone");
  return found === 1 ? t("foundOne") : t("foundMany", { count: found });
}
