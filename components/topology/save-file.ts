// The picture as a file on the person's disk. Job: colours of the page, PNG from SVG, the download. Rule: what is written is
// made by model/export; nothing leaves the browser.
import type { Tone } from "@/components/canvas";
import { type Exported, type Palette, toCsv, toMermaid, toSvg } from "./model/export";
import type { Live } from "./model/live";

export const exportKinds = ["PNG", "SVG", "Mermaid", "CSV"] as const;
export type ExportKind = (typeof exportKinds)[number];

/** Above this a browser refuses the bitmap. */
const longestSide = 12_000;

export async function savePicture(kind: ExportKind, mesh: string, picture: Exported & { live: Live }): Promise<void> {
  if (kind === "CSV")
    return download(`${mesh}-dependencies.csv`, new Blob([toCsv(picture.edges, picture.live)], { type: "text/csv" }));
  if (kind === "Mermaid") return download(`${mesh}.mmd`, new Blob([toMermaid(picture)], { type: "text/plain" }));
  const svg = toSvg(picture, paletteOf(document.documentElement), `Topology of ${mesh}`);
  const blob = new Blob([svg], { type: "image/svg+xml" });
  download(kind === "SVG" ? `${mesh}.svg` : `${mesh}.png`, kind === "SVG" ? blob : await bitmapOf(blob));
}

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const tones: Tone[] = ["ok", "attention", "failing", "unmeasured", "stale"];
  return {
    background: colour("--mw-bg"),
    surface: colour("--mw-surface"),
    text: colour("--mw-text"),
    dim: colour("--mw-text-dim"),
    line: Object.fromEntries(tones.map((tone) => [tone, colour(`--mw-${tone}-line`)])) as Record<Tone, string>,
  };
}

async function bitmapOf(svg: Blob): Promise<Blob> {
  const url = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(2, longestSide / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(image.naturalWidth * scale);
    canvas.height = Math.ceil(image.naturalHeight * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!png) throw new Error("The picture is too large for a PNG here; export it as SVG.");
    return png;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function download(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
