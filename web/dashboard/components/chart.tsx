// Charts as SVG: bars over time that select a span, and lines with a cursor. Small enough to need no library.

import type { ComponentChildren, VNode } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Spot } from "./brush.ts";
import { moved } from "./brush.ts";

const FOOT = 20;
const LEFT = 48;

/** One bar. */
export interface Bucket {
  /** Unix milliseconds. */
  at: number;
  total: number;
  failed: number;
}

/** Bars over time: what failed stands below what did not. Dragging over them, or the arrow keys, select a span of time. */
export function Histogram(props: {
  buckets: readonly Bucket[];
  stepMs: number;
  label: string;
  /** Said beside the figures: that they are estimated. */
  note?: string;
  /** Unix milliseconds, the end not included. */
  onSelect: (from: number, to: number) => void;
}): VNode {
  const { buckets, stepMs } = props;
  const height = 72;
  const { box, width } = useWidth();
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const told = useId();
  const most = Math.max(1, ...buckets.map((bucket) => bucket.total));
  const step = width / Math.max(1, buckets.length);
  const tall = (count: number) => (count === 0 ? 0 : Math.max(1.5, (count / most) * (height - FOOT - 4)));
  const bucketAt = (event: PointerEvent): number => {
    const left = (event.currentTarget as Element).getBoundingClientRect().left;
    return Math.min(buckets.length - 1, Math.max(0, Math.floor((event.clientX - left) / step)));
  };
  const select = (from: number, to: number) => {
    const [first, last] = [buckets[Math.min(from, to)], buckets[Math.max(from, to)]];
    if (first !== undefined && last !== undefined) props.onSelect(first.at, last.at + stepMs);
  };
  const finish = () => {
    setDrag(null);
    if (drag !== null) select(drag.from, drag.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moved(spot, event.key, event.shiftKey, buckets.length);
    if (next !== null) setSpot(next);
    else if (spot !== null && event.key === "Enter") select(spot.from, spot.at);
    else if (spot !== null && event.key === "Escape") setSpot(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const base = height - FOOT;
  const at = over ?? spot?.at ?? null;
  const hovered = at === null ? undefined : buckets[at];
  const marked = drag ?? (spot === null ? null : { from: spot.from, to: spot.at });
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  const total = buckets.reduce((sum, bucket) => sum + bucket.total, 0);
  return (
    <div class="chart histogram" ref={box}>
      <p class="histogram-head" aria-hidden="true">
        <span class="legend-key square tone-accent"><b>{total.toLocaleString()}</b> {total === 1 ? "operation" : "operations"}{props.note !== undefined && `, ${props.note}`}</span>
        <span class="legend-key square tone-bad"><b>{failed.toLocaleString()}</b> failed</span>
        {total > 0 && <span class="soft histogram-top">at most {most.toLocaleString()} in {spanOf(stepMs)}</span>}
      </p>
      <svg width={width} height={height} {...slider(props, spot)} aria-describedby={told} onKeyDown={onKeyDown} onBlur={() => setSpot(null)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: bucketAt(event), to: bucketAt(event) });
        }}
        onPointerMove={(event) => {
          setOver(bucketAt(event));
          if (drag !== null) setDrag({ ...drag, to: bucketAt(event) });
        }}
        onPointerUp={finish} onPointerCancel={() => setDrag(null)} onPointerLeave={() => setOver(null)}>
        {buckets.map((bucket, index) => (
          <g key={bucket.at}>
            <rect class="bar-good" x={index * step + 0.5} width={Math.max(1, step - 1)}
              y={base - tall(bucket.total)} height={tall(bucket.total)} />
            <rect class="bar-bad" x={index * step + 0.5} width={Math.max(1, step - 1)}
              y={base - tall(bucket.failed)} height={tall(bucket.failed)} />
          </g>
        ))}
        {marked !== null && (
          <rect class="brush" x={Math.min(marked.from, marked.to) * step} y={0} height={base}
            width={(Math.abs(marked.to - marked.from) + 1) * step} />
        )}
        <line class="axis" x1={0} x2={width} y1={base + 0.5} y2={base + 0.5} />
        <TimeMarks times={buckets.map((bucket) => bucket.at)} x={(index) => index * step} width={width} y={height - 5} />
      </svg>
      <p id={told} class="unseen">Arrow keys go from bar to bar, with Shift they mark a span of time, Enter shows it alone.</p>
      {hovered !== undefined && at !== null && (
        <Tip x={(at + 0.5) * step} width={width}>
          <span>
            <b>{hovered.total.toLocaleString()}</b> {hovered.total === 1 ? "operation" : "operations"}
            {hovered.failed > 0 && <>, <b class="bad-text">{hovered.failed.toLocaleString()}</b> failed</>}
            {props.note !== undefined && `, ${props.note}`}
          </span>
          <span class="soft">{moment(hovered.at, stepMs)}</span>
        </Tip>
      )}
    </div>
  );
}

/** What a screen reader is told of the bars: a slider over time, since a span is chosen with it. */
function slider(props: { buckets: readonly Bucket[]; stepMs: number; label: string }, spot: Spot | null) {
  const { buckets, stepMs } = props;
  const at = spot?.at ?? buckets.length - 1;
  const [low, high] = spot === null ? [at, at] : [Math.min(spot.from, spot.at), Math.max(spot.from, spot.at)];
  const [first, last] = [buckets[low], buckets[high]];
  const text = first === undefined || last === undefined ? "" : `${moment(first.at, stepMs)} to ${moment(last.at + stepMs, stepMs)}: ${barsInWords(buckets.slice(low, high + 1))}`;
  return {
    role: "slider" as const,
    tabIndex: 0,
    "aria-label": `${props.label}: ${barsInWords(buckets)}`,
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(0, buckets.length - 1),
    "aria-valuenow": Math.max(0, at),
    "aria-valuetext": text,
  };
}

/** One line of a chart. */
export interface Series {
  name: string;
  /** One value a time; null where nothing was measured. */
  values: readonly (number | null)[];
  /** `accent`, `good`, `bad`, `soft`. */
  tone: string;
}

/** Lines over time with a shared scale from zero. */
export function LineChart(props: {
  title: string;
  /** Unix milliseconds. */
  times: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  height?: number;
}): VNode {
  const { times, series, format } = props;
  const height = props.height ?? 180;
  const { box, width } = useWidth();
  const [over, setOver] = useState<number | null>(null);
  const top = niceTop(Math.max(0, ...series.flatMap((one) => one.values.map((value) => value ?? 0))));
  const wide = Math.max(1, width - LEFT - 4);
  const x = (index: number) => LEFT + (times.length < 2 ? wide / 2 : (index / (times.length - 1)) * wide);
  const y = (value: number) => 8 + (1 - value / top) * (height - FOOT - 8);
  const onMove = (event: PointerEvent) => {
    const left = (event.currentTarget as Element).getBoundingClientRect().left + LEFT;
    const index = Math.round(((event.clientX - left) / wide) * (times.length - 1));
    setOver(Math.min(times.length - 1, Math.max(0, index)));
  };
  const overTime = over === null ? undefined : times[over];
  return (
    <figure class="chart" ref={box}>
      <figcaption>
        {props.title}
        <span class="legend">{series.map((one) => <span class={`legend-key tone-${one.tone}`}>{one.name}</span>)}</span>
      </figcaption>
      <svg width={width} height={height} role="img" aria-label={`${props.title}: ${linesInWords(series, format)}`}
        onPointerMove={onMove} onPointerLeave={() => setOver(null)}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line class="axis" x1={LEFT} x2={width} y1={y(top * share)} y2={y(top * share)} />
            <text class="tick" x={LEFT - 6} y={y(top * share) + 4} text-anchor="end">{share === 0 ? "0" : format(top * share)}</text>
          </g>
        ))}
        {series.map((one) => <Line key={one.name} series={one} x={x} y={y} />)}
        {over !== null && <line class="cursor-line" x1={x(over)} x2={x(over)} y1={4} y2={height - FOOT} />}
        <TimeMarks times={times} x={x} width={width} y={height - 4} />
      </svg>
      {over !== null && overTime !== undefined && (
        <Tip x={x(over)} width={width}>
          {moment(overTime, (times[1] ?? 0) - (times[0] ?? 0))}
          {series.map((one) => {
            const value = one.values[over];
            return <div class={`legend-key tone-${one.tone}`}>{one.name}: <b>{value == null ? "none" : format(value)}</b></div>;
          })}
        </Tip>
      )}
    </figure>
  );
}

function Line(props: { series: Series; x: (index: number) => number; y: (value: number) => number }): VNode {
  let path = "";
  let pen = "M";
  props.series.values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${props.x(index).toFixed(1)} ${props.y(value).toFixed(1)}`;
    // A lone measurement between gaps is drawn as a short stroke.
    if (pen === "M") path += "h.1";
    pen = "L";
  });
  return <path class={`line tone-${props.series.tone}`} d={path} />;
}

/** About one mark in 110 pixels. */
function TimeMarks(props: { times: readonly number[]; x: (index: number) => number; width: number; y: number }): VNode | null {
  const { times } = props;
  if (times.length < 2) return null;
  const span = (times[times.length - 1] ?? 0) - (times[0] ?? 0);
  const every = Math.max(1, Math.ceil(times.length / Math.max(1, Math.floor(props.width / 110))));
  const marks = times.map((at, index) => ({ at, index })).filter(({ index }) => index % every === 0);
  return (
    <g>
      {marks.filter(({ index }) => props.x(index) < props.width - 44).map(({ at, index }) => (
        <text key={at} class="tick" x={props.x(index)} y={props.y}>{timeMark(at, span)}</text>
      ))}
    </g>
  );
}

function Tip(props: { x: number; width: number; children: ComponentChildren }): VNode {
  const side = props.x > props.width / 2 ? { right: `${props.width - props.x + 10}px` } : { left: `${props.x + 10}px` };
  return <div class="tip" style={side} aria-hidden="true">{props.children}</div>;
}

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setWidth(Math.max(120, element.clientWidth)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return { box, width };
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

const DAY = 86_400_000;

/** How long a bar is: "24 min". */
function spanOf(ms: number): string {
  const units: [string, number][] = [["d", DAY], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? units.find(([, size]) => ms >= size) ?? ["s", 1_000];
  return `${Math.round(ms / size)} ${unit}`;
}

function timeMark(at: number, span: number): string {
  const time = new Date(at);
  if (span > 2 * DAY) return time.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  const seconds: Intl.DateTimeFormatOptions = span < 300_000 ? { second: "2-digit" } : {};
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...seconds });
}

function moment(at: number, step: number): string {
  const seconds: Intl.DateTimeFormatOptions = step < 60_000 ? { second: "2-digit" } : {};
  return new Date(at).toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...seconds });
}

function barsInWords(buckets: readonly Bucket[]): string {
  const total = buckets.reduce((sum, bucket) => sum + bucket.total, 0);
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  return `${total.toLocaleString()} operations, ${failed.toLocaleString()} failed`;
}

function linesInWords(series: readonly Series[], format: (value: number) => string): string {
  return series.map((one) => {
    const known = one.values.filter((value) => value !== null);
    const last = known[known.length - 1];
    return last === undefined ? `${one.name} not measured` : `${one.name} now ${format(last)}, at most ${format(Math.max(...known))}`;
  }).join("; ");
}
