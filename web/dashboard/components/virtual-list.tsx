// A list that draws only the rows in sight, so that thousands cost as much as thirty.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { href } from "../shell/place.ts";

/** Rows drawn above and below what is in sight, so that a quick scroll shows no gap. */
const SPARE = 8;
/** How close to an end the next page is asked for, in rows. */
const NEAR = 30;

export interface VirtualListProps<Row> {
  rows: readonly Row[];
  /** A row's identity; it keeps the place when rows arrive above. */
  keyOf: (row: Row) => string;
  /** Pixels; all rows are equally high. */
  rowHeight: number;
  draw: (row: Row) => ComponentChildren;
  /** What the list is, for people who hear it. */
  label: string;
  /** Prefix of the rows' element ids. */
  id: string;
  /** The key of the row under the cursor. */
  cursor: string | null;
  /** The key of the row that is shown beside the list. */
  open?: string | null;
  onCursor: (row: Row) => void;
  onOpen: (row: Row) => void;
  /** The page that a row opens: its rows are links then, for new tabs and for copying. */
  to?: (row: Row) => string;
  /** The last row comes near. */
  onEnd?: () => void;
  /** The first row comes near. */
  onStart?: () => void;
  /** Told whether the list stands at its very top. */
  onTop?: (atTop: boolean) => void;
  /** Changing it scrolls to the top. */
  rewind?: number;
  footer?: ComponentChildren;
}

/** The rows in sight. Arrows, `j`/`k`, Home, End and the page keys move the cursor; Enter opens. */
export function VirtualList<Row>(props: VirtualListProps<Row>): VNode {
  const { rows, rowHeight, keyOf } = props;
  const box = useRef<HTMLDivElement>(null);
  const { top, height, setTop } = useSight(box);
  useKeptPlace(box, props, top);
  useRewind(box, props.rewind);
  useCursorInSight(box, props);

  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + SPARE);
  const nearEnd = rows.length - last < NEAR;
  const nearStart = first < NEAR;
  useEffect(() => {
    if (nearEnd) props.onEnd?.();
  }, [nearEnd, rows]);
  useEffect(() => {
    if (nearStart) props.onStart?.();
  }, [nearStart, rows]);

  const atCursor = rows.findIndex((row) => keyOf(row) === props.cursor);
  const move = (to: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (row !== undefined) props.onCursor(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(height / rowHeight) - 1);
    const target = keyTarget(event.key, atCursor, rows.length, page);
    if (target !== null) move(target);
    else if (event.key === "Enter" && rows[atCursor] !== undefined) props.onOpen(rows[atCursor]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onScroll = (event: Event) => {
    const now = (event.currentTarget as HTMLDivElement).scrollTop;
    setTop(now);
    props.onTop?.(now < rowHeight / 2);
  };

  return (
    <div class="vlist" ref={box} onScroll={onScroll}>
      <div class="vlist-all" role="listbox" tabIndex={0} aria-label={props.label} onKeyDown={onKeyDown}
        aria-activedescendant={inSight(atCursor, first, last) ? `${props.id}-${atCursor}` : undefined} style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, last).map((row, index) => {
          return <Item key={keyOf(row)} row={row} at={first + index} list={props} />;
        })}
      </div>
      {props.footer}
    </div>
  );
}

function Item<Row>({ row, at, list }: { row: Row; at: number; list: VirtualListProps<Row> }): VNode {
  const key = list.keyOf(row);
  const look = {
    id: `${list.id}-${at}`,
    role: "option" as const,
    "aria-selected": key === (list.open ?? list.cursor),
    "aria-posinset": at + 1,
    "aria-setsize": -1,
    class: rowClass(key, list),
    style: { height: `${list.rowHeight}px`, transform: `translateY(${at * list.rowHeight}px)` },
    onClick: (event: MouseEvent) => {
      // What opens another tab or window is the browser's.
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      // The list keeps the keyboard: a row may leave the page while it scrolls.
      (event.currentTarget as HTMLElement).parentElement?.focus({ preventScroll: true });
      list.onCursor(row);
      list.onOpen(row);
    },
  };
  if (list.to === undefined) return <div {...look}>{list.draw(row)}</div>;
  return <a {...look} href={href(list.to(row))} tabIndex={-1}>{list.draw(row)}</a>;
}

function rowClass<Row>(key: string, props: VirtualListProps<Row>): string {
  return `vlist-row${key === props.cursor ? " at-cursor" : ""}${key === props.open ? " is-open" : ""}`;
}

function inSight(index: number, first: number, last: number): boolean {
  return index >= first && index < last;
}

/** Where a key takes the cursor, or null for keys that do not move it. */
function keyTarget(key: string, at: number, count: number, page: number): number | null {
  switch (key) {
    case "ArrowDown": case "j": return at + 1;
    case "ArrowUp": case "k": return at < 0 ? 0 : at - 1;
    case "Home": return 0;
    case "End": return count - 1;
    case "PageDown": return at + page;
    case "PageUp": return at - page;
    default: return null;
  }
}

function useSight(box: { current: HTMLDivElement | null }) {
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setHeight(element.clientHeight));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return { top, height, setTop };
}

/** Rows that arrive or go above the first row in sight must not move what is read. */
function useKeptPlace<Row>(box: { current: HTMLDivElement | null }, props: VirtualListProps<Row>, top: number) {
  const seen = useRef<{ key: string; index: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    const before = seen.current;
    if (element === null || before === null || element.scrollTop < 1) return;
    const now = props.rows.findIndex((row) => props.keyOf(row) === before.key);
    if (now >= 0 && now !== before.index) element.scrollTop += (now - before.index) * props.rowHeight;
  }, [props.rows]);
  useLayoutEffect(() => {
    const index = Math.floor(top / props.rowHeight);
    const row = props.rows[index];
    seen.current = row === undefined ? null : { key: props.keyOf(row), index };
  });
}

function useRewind(box: { current: HTMLDivElement | null }, rewind: number | undefined) {
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
  }, [rewind]);
}

function useCursorInSight<Row>(box: { current: HTMLDivElement | null }, props: VirtualListProps<Row>) {
  useLayoutEffect(() => {
    const element = box.current;
    const index = props.rows.findIndex((row) => props.keyOf(row) === props.cursor);
    if (element === null || index < 0) return;
    const from = index * props.rowHeight;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (from + props.rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = from + props.rowHeight - element.clientHeight;
    }
  }, [props.cursor]);
}
