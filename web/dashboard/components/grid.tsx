// A table of data of any length: only the rows in sight are drawn, the head stays, the whole can be copied.

import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const ROW = 32;
const SPARE = 10;
/** Columns drawn at once; a sheet may have 16,384. */
const COLUMNS = 60;
/** Rows whose texts decide how wide a column is. */
const MEASURED = 60;
/** Characters of a cell that are drawn. */
const CELL = 300;

export interface GridData {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

/** The grid of some rows. */
export function DataGrid(props: { data: GridData; label: string }): VNode {
  const { columns, rows } = props.data;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [wide, setWide] = useState(COLUMNS);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const shown = columns.slice(0, wide);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + SPARE);
  const template = `${String(rows.length).length + 3}ch ${widths(shown, rows).map((width) => `${width}ch`).join(" ")}`;
  const style = { gridTemplateColumns: template, height: `${ROW}px` };
  return (
    <>
      <div class="grid" ref={box} tabIndex={0} role="table" aria-label={props.label} aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div class="grid-head" role="row" aria-rowindex={1} style={style}>
          <span role="columnheader" class="grid-number">#</span>
          {shown.map((name) => <span role="columnheader" title={name}>{name}</span>)}
        </div>
        <div role="rowgroup" class="grid-body" style={{ height: `${rows.length * ROW}px` }}>
          {rows.slice(first, last).map((row, index) => {
            const at = first + index;
            return (
              <div role="row" key={at} aria-rowindex={at + 2} class="grid-row"
                style={{ ...style, transform: `translateY(${at * ROW}px)` }}>
                <span role="rowheader" class="grid-number">{at + 1}</span>
                {shown.map((_, column) => <Cell value={row[column]} />)}
              </div>
            );
          })}
        </div>
      </div>
      {wide < columns.length && (
        <p class="code-cut">
          {wide} of {columns.length.toLocaleString()} columns.{" "}
          <button type="button" class="plain" onClick={() => setWide(wide + COLUMNS)}>Show more columns</button>
        </p>
      )}
    </>
  );
}

/** A figure that came as a text stands right as well. */
const FIGURE = /^-?\d[\d,. ]{0,24}%?$/;

function Cell({ value }: { value: unknown }): VNode {
  const text = cellText(value);
  const kind = typeof value === "number" || FIGURE.test(text) ? "grid-figure" : value === null || value === undefined ? "grid-none" : "";
  return <span role="cell" class={kind} title={text.length > 24 ? text.slice(0, CELL) : undefined}>{text.slice(0, CELL)}</span>;
}

/** A cell's text: nested values as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") {
    try {
      return JSON.stringify(value);
    } catch {
      return "…";
    }
  }
  return String(value);
}

/** Widths in characters, by the heads and the first rows. */
function widths(columns: readonly string[], rows: GridData["rows"]): number[] {
  return columns.map((name, column) => {
    let most = name.length;
    for (const row of rows.slice(0, MEASURED)) {
      const value = row[column];
      most = Math.max(most, typeof value === "object" && value !== null ? 24 : cellText(value).length);
    }
    return Math.min(44, Math.max(6, most)) + 3;
  });
}

/** The grid as CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csv(data: GridData): string {
  const field = (value: unknown): string => {
    let text = cellText(value);
    if (typeof value === "string" && /^[=+@\t\r]|^-(?![\d.]+$)/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [data.columns, ...data.rows].map((row) => row.map(field).join(",")).join("\r\n");
}
