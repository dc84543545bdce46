// A table whose rows open something: by click, by Enter, by `j` and `k`.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useKeys } from "../shell/keys.ts";
import { go, href } from "../shell/place.ts";

export interface Column<Row> {
  title: string;
  /** Hidden below 640 px; what only repeats or adds. */
  minor?: boolean;
  /** Numbers and times stand right. */
  end?: boolean;
  width?: "fit" | "most";
  cell(row: Row): ComponentChildren;
}

export function Table<Row>({ caption, columns, rows, id, to, show }: {
  /** Read to screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id(row: Row): string;
  /** The page that a row opens. The first column holds the link. */
  to?: (row: Row) => string;
  /** What a row opens over this page; its first column holds the button. */
  show?: (row: Row) => void;
}) {
  const [at, setAt] = useState(-1);
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at + by));
    setAt(next);
    const row = body.current?.rows[next];
    row?.scrollIntoView({ block: "nearest" });
    (row?.querySelector("a") ?? row?.querySelector("button"))?.focus({ preventScroll: true });
  };
  const open = () => {
    const row = rows[at];
    if (row !== undefined) opened(row);
  };
  const opened = (row: Row) => {
    if (to) go(to(row));
    else show?.(row);
  };
  useKeys(
    "List",
    to || show
      ? [
          { keys: "j", what: "Next row", run: () => move(1) },
          { keys: "k", what: "Row before", run: () => move(-1) },
          { keys: "Enter", what: "Open the row", run: open },
        ]
      : [],
  );
  return (
    <div class="table-box">
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={classes(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, index) => (
            <tr
              key={id(row)}
              class={to || show ? "opens" : undefined}
              data-at={index === at ? "" : undefined}
              onClick={(event) => {
                // Whoever marks a text to copy it opens nothing.
                if (inControl(event.target) || getSelection()?.isCollapsed === false) return;
                if (to && (event.metaKey || event.ctrlKey)) window.open(href(to(row)), "_blank", "noopener");
                else opened(row);
              }}
            >
              {columns.map((column, place) => (
                <td key={column.title} class={classes(column)}>
                  {to && place === 0 ? (
                    <a class="row-link" href={href(to(row))}>
                      {column.cell(row)}
                    </a>
                  ) : show && place === 0 ? (
                    <button type="button" class="plain row-button" onClick={() => show(row)}>
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classes<Row>(column: Column<Row>): string {
  return [column.minor && "minor", column.end && "end", column.width].filter(Boolean).join(" ");
}

function inControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, input, select, label") !== null;
}
