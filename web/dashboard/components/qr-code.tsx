// A QR code as one path; always dark on white, as scanners want it.

import { useMemo } from "preact/hooks";
import { qrModules } from "./qr.ts";

const MARGIN = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => {
    const rows = qrModules(text);
    const squares = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + MARGIN} ${y + MARGIN}h1v1h-1z`] : [])));
    return { path: squares.join(""), size: rows.length + 2 * MARGIN };
  }, [text]);
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
