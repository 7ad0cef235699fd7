// The document as pdfmake's definition. Who has fonts and a printer makes bytes of it; it stands here because only this folder may name a printer's types.
// The rule: the same digest stands at the foot of each page, and no text is set in a font that lacks its letters.
import type { Content, ContentTable, TDocumentDefinitions } from "pdfmake/interfaces";
import type { Block, DesignDocument } from "@/lib/document";

const INK = "#171b22";
const DIM = "#545d6b";
const RULE = "#dfe3ea";
/** A4 less the margins, in points. */
const TEXT_WIDTH = 595 - 2 * 48;

export function pdfDefinition({ title, subtitle, digest, blocks }: DesignDocument): TDocumentDefinitions {
  return {
    pageSize: "A4",
    pageMargins: [48, 56, 48, 60],
    info: { title, subject: `Digest ${digest}`, creator: "Meshwright" },
    defaultStyle: { font: "Roboto", fontSize: 9.5, lineHeight: 1.25, color: INK },
    header: (page: number) =>
      page === 1 ? null : { text: printable(title), fontSize: 8, color: DIM, margin: [48, 28, 48, 0] },
    footer: (page: number, pages: number) => ({
      margin: [48, 18, 48, 0],
      columns: [
        { text: `Digest ${digest}`, fontSize: 7, color: DIM, width: "*" },
        { text: `${page} / ${pages}`, fontSize: 8, color: DIM, alignment: "right", width: 60 },
      ],
    }),
    content: [
      { text: printable(title), fontSize: 22, bold: true, margin: [0, 0, 0, 4] },
      { text: printable(subtitle), color: DIM, margin: [0, 0, 0, 2] },
      { text: `Digest ${digest}`, fontSize: 8, color: DIM, margin: [0, 0, 0, 14] },
      ...blocks.map(contentOf),
    ],
    // A heading never stands alone at the end of a page.
    pageBreakBefore: (node, around) => {
      const { headlineLevel, startPosition } = node as {
        headlineLevel?: number;
        startPosition: { verticalRatio: number };
      };
      if (headlineLevel === undefined) return false;
      const isLast = around.getFollowingNodesOnPage().length === 0;
      return isLast || startPosition.verticalRatio > (ROOM_BELOW[headlineLevel] ?? 1);
    },
  };
}

/** Further down than this part of the page, a heading begins the next one. */
const ROOM_BELOW: Readonly<Record<number, number>> = { 1: 0.76, 2: 0.84, 3: 0.9 };

const headings = {
  1: { fontSize: 15, margin: [0, 16, 0, 6] },
  2: { fontSize: 11.5, margin: [0, 10, 0, 4] },
  3: { fontSize: 9.5, margin: [0, 6, 0, 2] },
} as const;

function contentOf(block: Block): Content {
  switch (block.kind) {
    case "heading": {
      const { fontSize, margin } = headings[block.level];
      return { text: printable(block.text), bold: true, fontSize, margin: [...margin], headlineLevel: block.level };
    }
    case "paragraph":
      return { text: printable(block.text), margin: [0, 0, 0, 6] };
    case "list":
      return { ul: block.items.map(printable), margin: [0, 0, 0, 8] };
    case "facts":
      return {
        margin: [0, 0, 0, 8],
        layout: "noBorders",
        table: {
          widths: [90, "*"],
          body: block.rows.map(([name, value]) => [
            { text: printable(name), color: DIM },
            { text: breakable(printable(value)) },
          ]),
        },
      };
    case "table":
      return tableOf(block);
    case "code":
      return codeOf(block.text);
    case "diagram":
      return {
        stack: [
          { svg: block.svg, fit: [TEXT_WIDTH, block.wide ? 360 : 230], margin: [0, 4, 0, 4] },
          { text: printable(block.title), fontSize: 8, color: DIM, margin: [0, 0, 0, 8] },
        ],
        unbreakable: true,
      };
  }
}

/** A cell that is no longer than this stays on one line in a column that fits its content. */
const SHORT_CELL = 22;

function tableOf({ head, rows, widths }: Extract<Block, { kind: "table" }>): ContentTable {
  return {
    margin: [0, 0, 0, 10],
    fontSize: 8.5,
    table: {
      headerRows: 1,
      dontBreakRows: true,
      keepWithHeaderRows: 1,
      widths: [...widths],
      body: [
        head.map((text) => ({ text: printable(text), bold: true, color: DIM })),
        ...rows.map((row) =>
          row.map((text, column) => ({
            text: breakable(printable(text)),
            noWrap: widths[column] === "auto" && text.length <= SHORT_CELL,
          })),
        ),
      ],
    },
    layout: {
      hLineWidth: (line) => (line === 0 ? 0 : line === 1 ? 0.8 : 0.4),
      vLineWidth: () => 0,
      hLineColor: () => RULE,
      paddingLeft: () => 4,
      paddingRight: () => 4,
      paddingTop: () => 3,
      paddingBottom: () => 2,
    },
  };
}

/** Courier knows Latin letters only; a text with others is set in the document's own font. */
function codeOf(text: string): Content {
  const isLatin = /^[\x20-\x7e\n]*$/.test(text);
  return {
    text: isLatin ? text : printable(text),
    ...(isLatin ? { font: "Courier" } : {}),
    fontSize: 7.5,
    lineHeight: 1.15,
    preserveLeadingSpaces: true,
    margin: [0, 0, 0, 8],
  };
}

/** Roboto, as it is shipped with the printer, has no arrows and no signs beyond the basic planes. */
function printable(text: string): string {
  return text
    .replaceAll("→", "to")
    .replace(/[\u{10000}-\u{10ffff}]/gu, "?")
    .replace(/[\u2190-\u21ff\u2500-\u27bf]/g, "?");
}

const LONG_WORD = /[^\s]{28,}/g;

/** Long names (SPIFFE IDs, hosts) may break after their own separators. */
function breakable(text: string): string {
  return text.replace(LONG_WORD, (word) => word.replace(/([/.:@_-])(?=[^/])/g, "$1\u200b"));
}
