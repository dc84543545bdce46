// How the Connect UI looks to this environment's end users, with the page itself beside the form.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure } from "../../shared/api.ts";
import type { components } from "../../shared/openapi.d.ts";
import { Field, SelectField, complaintAt } from "../components/form.tsx";
import { Icon } from "../components/icons.tsx";
import { base } from "../shell/place.ts";
import { contrast, isColor } from "./colors.ts";
import type { CardProps, Change } from "./part.tsx";
import { SavedCard, useFields } from "./part.tsx";

type Look = components["schemas"]["ConnectUi"];

/** What the page wears by itself; the same as in `connect.css`. */
const USUAL = { light: "#2b59d9", dark: "#8fa8ff" } as const;
/** The card's ground, which links must stand out from. */
const GROUND = { light: "#ffffff", dark: "#171d2b" } as const;
const READABLE = 4.5;
/** Characters of a logo's address that the server takes. */
const LARGEST = 32 * 1024;
const THEMES = [
  { value: "system", title: "As the visitor's system" },
  { value: "light", title: "Light" },
  { value: "dark", title: "Dark" },
];

interface Fields {
  default_theme: string;
  light_primary: string;
  dark_primary: string;
  logo: string;
}

function fieldsOf(look: Look): Fields {
  return { default_theme: look.default_theme, light_primary: look.light_primary ?? "", dark_primary: look.dark_primary ?? "", logo: look.logo ?? "" };
}

/** What is saved: the whole, without what is as usual. */
function lookOf(fields: Fields): Change {
  const set = Object.entries(fields).filter(([name, value]) => name === "default_theme" || value !== "");
  return { connect_ui: Object.fromEntries(set) } as Change;
}

export function LookCard({ settings, keep }: CardProps) {
  const fields = useFields(fieldsOf(settings.connect_ui));
  const [failure, setFailure] = useState<Failure | null>(null);
  const [logoProblem, setLogoProblem] = useState<string | null>(null);
  const { all } = fields;
  const whole = [all.light_primary, all.dark_primary].every((color) => color === "" || isColor(color));
  const refused = (name: keyof Fields) => complaintAt(failure, "connect_ui", name);
  return (
    <SavedCard id="look" title="Look of the Connect UI" text="What your users see while they connect. A page that opens it may ask for light or dark itself."
      change={fields.changed === null || !whole ? null : lookOf(all)} keep={keep} saved={() => { fields.clear(); setFailure(null); }}
      failed={(of) => { setFailure(of); return of.places.some((place) => place.path[0] === "connect_ui"); }}>
      <div class="look">
        <div class="stack">
          <SelectField label="Theme" value={all.default_theme} change={fields.put("default_theme")} options={THEMES} complaint={refused("default_theme")} />
          <ColorField label="Colour on light ground" on="light" value={all.light_primary} change={fields.put("light_primary")} refused={refused("light_primary")} />
          <ColorField label="Colour on dark ground" on="dark" value={all.dark_primary} change={fields.put("dark_primary")} refused={refused("dark_primary")} />
          <LogoField value={all.logo} problem={logoProblem ?? refused("logo")} change={(logo, problem) => { fields.put("logo")(logo); setLogoProblem(problem); }} />
        </div>
        <Preview fields={all} />
      </div>
    </SavedCard>
  );
}

function ColorField({ label, on, value, change, refused }: {
  label: string;
  on: "light" | "dark";
  value: string;
  change(value: string): void;
  refused: string | null;
}) {
  const weak = isColor(value) && contrast(value, GROUND[on]) < READABLE;
  const wrong = value !== "" && !isColor(value) ? "Six digits behind #, such as #2b59d9." : refused;
  return (
    <Field label={label} optional complaint={wrong ?? (weak ? { severity: "warning", message: `Links in it are hard to read on ${on} ground.` } : null)}>
      {(tied) => (
        <span class="line stay">
          <input type="color" class="swatch" aria-label={`Pick: ${label}`} value={isColor(value) ? value : USUAL[on]} onInput={(event) => change(event.currentTarget.value)} />
          <input type="text" class="input code" {...tied} value={value} placeholder={USUAL[on]} maxLength={7} spellcheck={false} autocomplete="off"
            onInput={(event) => change(event.currentTarget.value.trim())} />
        </span>
      )}
    </Field>
  );
}

function LogoField({ value, problem, change }: { value: string; problem: string | null; change(logo: string, problem: string | null): void }) {
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const read = await addressOf(file);
    change(read ?? value, read === null ? "A PNG, JPEG, WebP or SVG of at most 24 KB, please." : null);
  };
  return (
    <Field label="Logo" optional complaint={problem} help="PNG, JPEG, WebP or SVG, at most 24 KB; it stands 28 px high at the top of the page.">
      {(tied) => (
        <span class="line">
          {value !== "" && <img class="look-logo" src={value} alt="The logo as it is now" />}
          <input type="file" {...tied} accept="image/png,image/jpeg,image/webp,image/svg+xml" onChange={(event) => void take(event.currentTarget.files?.[0])} />
          {value !== "" && <button type="button" class="tiny quiet" onClick={() => change("", null)}><Icon name="cross" /> Take it away</button>}
        </span>
      )}
    </Field>
  );
}

/** The file as a `data:` address; null where the server would not take it. */
function addressOf(file: File): Promise<string | null> {
  if (!/^image\/(png|jpeg|webp|svg\+xml)$/.test(file.type) || file.size > LARGEST) return Promise.resolve(null);
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === "string" && reader.result.length <= LARGEST ? reader.result : null);
    reader.onerror = () => resolve(null);
    reader.readAsDataURL(file);
  });
}

/** The Connect UI itself, without a session; told of each change before it is saved. */
function Preview({ fields }: { fields: Fields }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(0);
  const color = (value: string, usual: string) => ({ primary: isColor(value) ? value : usual });
  const payload = {
    defaultTheme: fields.default_theme,
    theme: { light: color(fields.light_primary, USUAL.light), dark: color(fields.dark_primary, USUAL.dark) },
    logo: fields.logo === "" ? null : fields.logo,
  };
  const told = JSON.stringify(payload);
  useEffect(() => {
    const hear = (event: MessageEvent) => {
      if (event.source === frame.current?.contentWindow && event.origin === location.origin && event.data?.type === "ready") setReady((was) => was + 1);
    };
    addEventListener("message", hear);
    return () => removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (ready > 0) frame.current?.contentWindow?.postMessage({ type: "settings_changed", payload }, location.origin);
  }, [ready, told]);
  return <iframe ref={frame} class="look-preview" title="Preview of the Connect UI" inert src={`${base}/connect/?preview=true&embedded=true`} />;
}
