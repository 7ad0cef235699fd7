// The document as Markdown (GitHub's dialect, diagrams as Mermaid). The rule: text of the design is escaped, so that nobody's
// service name becomes a heading, a link or a table cell of its own.
import type { Block, DesignDocument } from "./schema";

type Document = Omit<DesignDocument, "digest"> & Partial<Pick<DesignDocument, "digest">>;

/** Without a digest it is about no design. */
export function toMarkdown({ title, subtitle, digest, blocks }: Document): string {
  const stamp = digest === undefined ? [] : [`Digest: \`${digest}\``];
  const texts = [`# ${escaped(title)}`, escaped(subtitle), ...stamp, ...blocks.map(blockText)];
  return `${[...texts, ...stamp.flatMap((text) => ["---", text])].join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level + 1)} ${escaped(block.text)}`;
    case "paragraph":
      return escaped(block.text);
    case "list":
      return block.items.map((item) => `- ${escaped(item)}`).join("\n");
    case "facts":
      return table(
        ["", ""],
        block.rows.map(([name, value]) => [`**${escaped(name)}**`, escaped(value)]),
      );
    case "table":
      return table(
        block.head.map(escaped),
        block.rows.map((row) => row.map(escaped)),
      );
    case "code":
      return fenced(block.language, block.text);
    case "diagram":
      return `**${escaped(block.title)}**\n\n${fenced("mermaid", block.mermaid)}`;
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replace(/\s*\n\s*/g, "<br>")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A fence that the text cannot close. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function escaped(text: string): string {
  return text
    .replace(/[\\`*_[\]<>#~]/g, (sign) => `\\${sign}`)
    .replace(/^(\s*)([-+]|\d+\.)(?=\s)/gm, (_, space: string, sign: string) => `${space}\\${sign}`);
}
