// QR codes (ISO/IEC 18004), byte mode, error correction level M, versions 1 to 10: up to 213 bytes, enough for an
// authenticator's address.

/** Rows of dark (true) and light modules. Throws when the text is too long. */
export function qrModules(text: string): boolean[][] {
  const bytes = new TextEncoder().encode(text);
  const version = smallest(bytes.length);
  const words = interleave(version, dataWords(version, bytes));
  let best: Grid | null = null;
  let least = Infinity;
  for (let mask = 0; mask < 8; mask += 1) {
    const grid = draw(version, words, mask);
    const score = penalty(grid.dark);
    if (score < least) [best, least] = [grid, score];
  }
  if (!best) throw new RangeError("no mask");
  return best.dark;
}

/** Of level M by version: error correction words a block, then blocks and data words of group 1 and of group 2
 * (ISO/IEC 18004 table 9). */
const BLOCKS: readonly (readonly [number, number, number, number, number])[] = [
  [10, 1, 16, 0, 0],
  [16, 1, 28, 0, 0],
  [26, 1, 44, 0, 0],
  [18, 2, 32, 0, 0],
  [24, 2, 43, 0, 0],
  [16, 4, 27, 0, 0],
  [18, 4, 31, 0, 0],
  [22, 2, 38, 2, 39],
  [22, 3, 36, 2, 37],
  [26, 4, 43, 1, 44],
];

/** Centres of the alignment patterns (annex E). */
const ALIGNMENT: readonly (readonly number[])[] = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
];

function blocks(version: number): readonly [number, number, number, number, number] {
  const row = BLOCKS[version - 1];
  if (!row) throw new RangeError("version");
  return row;
}

function capacity(version: number): number {
  const [, one, oneWords, two, twoWords] = blocks(version);
  return one * oneWords + two * twoWords;
}

/** Mode and length take 12 bits below version 10, 20 from there. */
function smallest(length: number): number {
  for (let version = 1; version <= BLOCKS.length; version += 1) {
    if (length + (version < 10 ? 2 : 3) <= capacity(version)) return version;
  }
  throw new RangeError("the text is too long for a code");
}

function dataWords(version: number, bytes: Uint8Array): number[] {
  const bits: number[] = [];
  const put = (value: number, width: number) => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  put(0b0100, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const total = capacity(version) * 8;
  put(0, Math.min(4, total - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < total; pad ^= 0xec ^ 0x11) put(pad, 8);
  const words: number[] = [];
  for (let at = 0; at < bits.length; at += 8) words.push(bits.slice(at, at + 8).reduce((word, bit) => (word << 1) | bit, 0));
  return words;
}

/** Product in GF(256) over x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

function generator(degree: number): number[] {
  const result = [...Array<number>(degree - 1).fill(0), 1];
  let root = 1;
  for (let step = 0; step < degree; step += 1) {
    for (let at = 0; at < degree; at += 1) {
      result[at] = times(result[at] ?? 0, root) ^ (result[at + 1] ?? 0);
    }
    root = times(root, 2);
  }
  return result;
}

function remainder(data: readonly number[], divisor: readonly number[]): number[] {
  const rest = Array<number>(divisor.length).fill(0);
  for (const word of data) {
    const factor = word ^ (rest.shift() ?? 0);
    rest.push(0);
    for (let at = 0; at < rest.length; at += 1) rest[at] = (rest[at] ?? 0) ^ times(divisor[at] ?? 0, factor);
  }
  return rest;
}

function interleave(version: number, words: readonly number[]): number[] {
  const [correction, one, oneWords, two, twoWords] = blocks(version);
  const divisor = generator(correction);
  const parts: number[][] = [];
  let from = 0;
  for (let block = 0; block < one + two; block += 1) {
    const length = block < one ? oneWords : twoWords;
    parts.push(words.slice(from, from + length));
    from += length;
  }
  const checks = parts.map((part) => remainder(part, divisor));
  const result: number[] = [];
  for (let at = 0; at < Math.max(oneWords, twoWords); at += 1) {
    for (const part of parts) if (at < part.length) result.push(part[at] ?? 0);
  }
  for (let at = 0; at < correction; at += 1) for (const check of checks) result.push(check[at] ?? 0);
  return result;
}

interface Grid {
  dark: boolean[][];
  /** Modules that carry no data and take no mask. */
  fixed: boolean[][];
}

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function draw(version: number, words: readonly number[], mask: number): Grid {
  const size = version * 4 + 17;
  const square = () => Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  const grid: Grid = { dark: square(), fixed: square() };
  patterns(grid, version, size);
  format(grid, size, mask);
  if (version >= 7) versionBits(grid, size, version);
  data(grid, size, words, mask);
  return grid;
}

function set(grid: Grid, x: number, y: number, dark: boolean): void {
  const [darks, fixed] = [grid.dark[y], grid.fixed[y]];
  if (!darks || !fixed || x < 0 || x >= darks.length) return;
  darks[x] = dark;
  fixed[x] = true;
}

function patterns(grid: Grid, version: number, size: number): void {
  for (let at = 0; at < size; at += 1) {
    set(grid, 6, at, at % 2 === 0);
    set(grid, at, 6, at % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) {
    rings(grid, x, y, 4, (ring) => ring !== 2 && ring !== 4);
  }
  const centres = ALIGNMENT[version - 1] ?? [];
  const last = centres.length - 1;
  centres.forEach((x, i) =>
    centres.forEach((y, j) => {
      const atFinder = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!atFinder) rings(grid, x, y, 2, (ring) => ring !== 1);
    }),
  );
}

function rings(grid: Grid, x: number, y: number, radius: number, dark: (ring: number) => boolean): void {
  for (let dy = -radius; dy <= radius; dy += 1) {
    for (let dx = -radius; dx <= radius; dx += 1) {
      set(grid, x + dx, y + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }
}

/** Level M is 00; BCH(15,5), then XOR with 101010000010010. */
function format(grid: Grid, size: number, mask: number): void {
  let rest = mask;
  for (let step = 0; step < 10; step += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  const bit = (at: number) => ((bits >> at) & 1) === 1;
  for (let at = 0; at <= 5; at += 1) set(grid, 8, at, bit(at));
  set(grid, 8, 7, bit(6));
  set(grid, 8, 8, bit(7));
  set(grid, 7, 8, bit(8));
  for (let at = 9; at < 15; at += 1) set(grid, 14 - at, 8, bit(at));
  for (let at = 0; at < 8; at += 1) set(grid, size - 1 - at, 8, bit(at));
  for (let at = 8; at < 15; at += 1) set(grid, 8, size - 15 + at, bit(at));
  set(grid, 8, size - 8, true);
}

function versionBits(grid: Grid, size: number, version: number): void {
  let rest = version;
  for (let step = 0; step < 12; step += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let at = 0; at < 18; at += 1) {
    const dark = ((bits >> at) & 1) === 1;
    const [a, b] = [size - 11 + (at % 3), Math.floor(at / 3)];
    set(grid, a, b, dark);
    set(grid, b, a, dark);
  }
}

/** Two columns at a time from the right, up and down in turn; the timing column is left out. */
function data(grid: Grid, size: number, words: readonly number[], mask: number): void {
  const masked = MASKS[mask] ?? (() => false);
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      for (const x of [right, right - 1]) {
        const up = ((right + 1) & 2) === 0;
        const y = up ? size - 1 - step : step;
        const row = grid.dark[y];
        if (!row || grid.fixed[y]?.[x]) continue;
        const word = words[bit >> 3] ?? 0;
        row[x] = (((word >> (7 - (bit & 7))) & 1) === 1) !== masked(x, y);
        bit += 1;
      }
    }
  }
}

/** The four rules of section 7.8.3.1; the mask with the least is taken. */
function penalty(dark: readonly (readonly boolean[])[]): number {
  const size = dark.length;
  const at = (x: number, y: number) => dark[y]?.[x] ?? false;
  let score = 0;
  for (let line = 0; line < size; line += 1) {
    score += runs(size, (step) => at(step, line)) + runs(size, (step) => at(line, step));
  }
  let count = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if (at(x, y)) count += 1;
      if (x + 1 < size && y + 1 < size && at(x, y) === at(x + 1, y) && at(x, y) === at(x, y + 1) && at(x, y) === at(x + 1, y + 1)) score += 3;
    }
  }
  return score + Math.floor(Math.abs((count * 100) / (size * size) - 50) / 5) * 10;
}

function runs(size: number, at: (step: number) => boolean): number {
  let [score, length, history] = [0, 0, 0];
  for (let step = 0; step < size; step += 1) {
    length = step > 0 && at(step) === at(step - 1) ? length + 1 : 1;
    if (length === 5) score += 3;
    else if (length > 5) score += 1;
    history = ((history << 1) & 0x7ff) | (at(step) ? 1 : 0);
    if (step >= 10 && (history === 0b10111010000 || history === 0b00001011101)) score += 40;
  }
  return score;
}
