// XML text of plain elements. One rule: every character that a caller passes is escaped or, where XML 1.0 has no place for it, replaced.

export interface XmlElement {
  name: string;
  attributes?: Readonly<Record<string, string | number>>;
  children?: readonly (XmlElement | string)[];
}

// XML 1.0, section 2.2: everything else may not stand in a document, not even escaped.
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

export function escapeXml(text: string): string {
  return text.replace(FORBIDDEN, "\u{FFFD}").replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** A whole document, indented; text stands in its element without added space. */
export function xmlDocument(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(root, "")}\n`;
}

function write({ name, attributes = {}, children = [] }: XmlElement, indent: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(String(value))}"`);
  const open = `${indent}<${name}${written.join("")}`;
  if (children.length === 0) return `${open}/>`;
  if (children.every((child) => typeof child === "string")) {
    return `${open}>${children.map((child) => escapeXml(child as string)).join("")}</${name}>`;
  }
  const inner = children.map((child) => (typeof child === "string" ? escapeXml(child) : write(child, `${indent}  `)));
  return `${open}>\n${inner.join("\n")}\n${indent}</${name}>`;
}

/** Attributes are normalised by readers: line ends would become spaces. */
function attributeText(text: string): string {
  return escapeXml(text.replace(/\s+/g, " ").trim());
}
