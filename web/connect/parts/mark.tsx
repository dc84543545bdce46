// Our own marks: initials on a colour that follows from the name, with a small drawing of the kind of product. A
// definition's `mark` names a drawing that stands alone. No third party's artwork.
import { Drawing } from "./base.tsx";

/** By a definition's `mark`, or by its categories. */
const DRAWINGS: Record<string, string> = {
  grid: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  sites: "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
  mail: "M3 6h18v12H3zM3.5 7l8.5 7 8.5-7",
  calendar: "M4 6h16v14H4zM4 11h16M8 3v5M16 3v5",
  communication: "M4 5h16v11h-9l-5 4v-4H4z",
  crm: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-4 2-6 6-6s6 2 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3 2.6 3 5.5",
  hr: "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-5 3-7 8-7s8 2 8 7",
  storage: "M3 6h6l2 2h10v11H3z",
  payment: "M3 6h18v12H3zM3 10.5h18M6.5 14.5h4",
  accounting: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9.5 8h5M9.5 12.5h5",
  "dev-tools": "M8 7l-5 5 5 5M16 7l5 5-5 5",
  productivity: "M4 7l1.5 1.5L8.5 5.5M4 16l1.5 1.5 3-3M12 7h8M12 16h8",
  ticketing: "M3 7h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4z",
  marketing: "M4 10v4h3l10 5V5L7 10zM20.5 10v4",
  analytics: "M5 20v-7M12 20V4M19 20v-11",
  video: "M4 5h16v14H4zM10 9v6l5-3z",
  social: "M12 20S4 15 4 9a4 4 0 0 1 8-1 4 4 0 0 1 8 1c0 6-8 11-8 11z",
  "e-commerce": "M6 8h12l1 12H5zM9 8a3 3 0 0 1 6 0",
  iam: "M12 3l8 3v6c0 5-3.5 7.5-8 9-4.5-1.5-8-4-8-9V6z",
  "knowledge-base": "M5 4h14v16H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12",
  design: "M4 20l1-5L16 4l4 4L9 19z",
};
/** Categories that look alike. */
const SAME: Record<string, string> = {
  ats: "hr",
  banking: "payment",
  invoicing: "accounting",
  erp: "accounting",
  support: "ticketing",
  cms: "knowledge-base",
};

export interface Marked {
  name: string;
  mark?: string | undefined;
  categories?: string[] | undefined;
}

export function Mark({ name, mark, categories = [] }: Marked) {
  const alone = mark && DRAWINGS[mark];
  const kinds = categories.map((category) => DRAWINGS[SAME[category] ?? category]);
  const small = kinds.find(Boolean);
  return (
    <span class={`logo hue${hueOf(name)}`} aria-hidden="true">
      {alone ? <Drawing path={alone} /> : initialsOf(name)}
      {!alone && small && (
        <i>
          <Drawing path={small} />
        </i>
      )}
    </span>
  );
}

const hueOf = (name: string) => [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997, 7) % 8;

function initialsOf(name: string): string {
  const words = name.replace(/\(.*/, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = name, second = ""] = words;
  const letters = second ? [...first].slice(0, 1).concat([...second].slice(0, 1)) : [...first].slice(0, 2);
  return letters.join("").toUpperCase();
}
