// Our own marks: strokes on a 16 by 16 field.

const STROKES = {
  home: "M2.5 7.5 8 3l5.5 4.5M4 6.8V13h8V6.8M6.7 13V9.5h2.6V13",
  plug: "M5.5 2v3M10.5 2v3M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0V5ZM8 12v2.5",
  people: "M6.5 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM2 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.3.5 2.2 1.7 2.2 3.7",
  team: "M8 7a2.3 2.3 0 1 0 0-4.6A2.3 2.3 0 0 0 8 7ZM4 13.5c0-2.4 1.7-4 4-4s4 1.6 4 4M3.2 5.5v4M1.2 7.5h4",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  play: "M4.5 3v10l8-5-8-5Z",
  send: "M14 2 7.3 8.7M14 2l-4.2 12-2.5-5.3L2 6.2 14 2Z",
  key: "M10.3 9.2a3.5 3.5 0 1 0-3.4-2.6L2.5 11v2.5H5V12h1.5v-1.5H8l1-1.4M11 5h.01",
  settings: "M2.5 4.5h5M11.5 4.5h2M2.5 11.5h2M8.5 11.5h5M9.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6.5 13.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  pulse: "M1.5 8.5h3l2-5.5 3 10 2-4.5h3",
  shield: "M8 1.8 3 3.5v4c0 3 2 5.5 5 6.7 3-1.2 5-3.7 5-6.7v-4L8 1.8ZM5.8 8l1.6 1.6 3-3.2",
  person: "M8 7.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.8 14c0-2.8 2.2-4.5 5.2-4.5s5.2 1.7 5.2 4.5",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  cross: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.3 3.3L13 4.8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  right: "m6 3.5 4.5 4.5L6 12.5",
  left: "M10 3.5 5.5 8l4.5 4.5",
  down: "m3.5 6 4.5 4.5L12.5 6",
  up: "m3.5 10 4.5-4.5L12.5 10",
  updown: "m5 6 3-3 3 3M5 10l3 3 3-3",
  out: "M9.5 2.5h4v4M13.5 2.5 7.5 8.5M12 9.5v4H2.5V4h4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  warning: "M8 2 1.8 13h12.4L8 2ZM8 6.5v3M8 11.3h.01",
  error: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3.5M8 10.8h.01",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5V11M8 5.2h.01",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.3 1.5",
  refresh: "M13.5 3v3.5H10M2.5 13V9.5H6M13.1 6.5A5.5 5.5 0 0 0 3.5 5M2.9 9.5A5.5 5.5 0 0 0 12.5 11",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.6 9.5h6.8L12 4M6.7 6.8v4M9.3 6.8v4",
  eye: "M1.5 8S3.8 3.5 8 3.5 14.5 8 14.5 8 12.2 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  link: "M6.8 9.2a2.8 2.8 0 0 0 4 0l2.3-2.3a2.8 2.8 0 0 0-4-4L8 4M9.2 6.8a2.8 2.8 0 0 0-4 0L2.9 9.1a2.8 2.8 0 0 0 4 4L8 12",
  filter: "M2 3.5h12L9.5 9v4l-3-1.5V9L2 3.5Z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  half: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M10.5 3v10M12.5 4.6v6.8",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6",
  exit: "M6 2.5H2.5v11H6M10.5 11l3-3-3-3M13.5 8H6",
  globe: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2Z",
  tag: "M2.5 2.5h5l6 6-5 5-6-6v-5ZM5.5 5.5h.01",
  pencil: "M10.5 3 13 5.5 5.5 13H3v-2.5L10.5 3Z",
  book: "M8 4c-1.5-1-3.5-1.3-5.5-1v9.5c2-.3 4 0 5.5 1 1.5-1 3.5-1.3 5.5-1V3C11.5 2.7 9.5 3 8 4ZM8 4v9.5",
  stop: "M4 4h8v8H4z",
  download: "M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M2.5 13.5h11",
  chart: "M2.5 13.5h11M4 11V8M7 11V4M10 11V6.5M13 11V3",
} as const;

export type IconName = keyof typeof STROKES;

export function Icon({ name, class: more = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${more}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={STROKES[name]} />
    </svg>
  );
}

/** Two ropes in a sheet bend, much simplified. */
export function Knot() {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d="M2 6.5h7.5a4 4 0 0 1 0 8H2" />
      <path d="M18 5H11C7 5 5.5 8 5.5 10.5S7 16 11 16" />
    </svg>
  );
}

const HUES = 6;

/** A provider's mark: its initials on a colour of its own; nobody's artwork. */
export function Mark({ name, title, big = false }: { name: string; title: string; big?: boolean }) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return (
    <span class={`mark hue${sum % HUES} ${big ? "big" : ""}`} aria-hidden="true">
      {initials(title)}
    </span>
  );
}

function initials(title: string): string {
  const words = title.replace(/\(.*?\)/g, "").split(/[\s\-_.]+/).filter(Boolean);
  const letters = words.length > 1 ? `${words[0]?.[0] ?? ""}${words[1]?.[0] ?? ""}` : title.slice(0, 2);
  return letters.toUpperCase();
}
