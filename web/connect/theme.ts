// Light, dark or the system's, and the environment's own colours: set through the object model, since the page's policy
// allows no inline style.
import { options } from "./parent.ts";
import type { Theme } from "./api.ts";

const root = document.documentElement;

/** Applies an environment's settings; the embedding page's wish goes before its default. */
export function applyTheme(settings: Theme | undefined): void {
  const theme = options.theme ?? settings?.defaultTheme;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  for (const mode of ["light", "dark"] as const) {
    const color = settings?.theme?.[mode]?.primary;
    if (!color || !/^#[\da-f]{6}$/i.test(color)) continue;
    root.style.setProperty(`--${mode}-accent`, color);
    root.style.setProperty(`--${mode}-on-accent`, readableOn(color));
  }
}

/** Black or white, whichever has the higher contrast (WCAG 2.2 relative luminance). */
function readableOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
