// Reads XML for tests: elements, attributes, text. One rule: what it does not know it refuses, so a broken export cannot pass as read.

export interface XmlNode {
  name: string;
  attributes: Record<string, string>;
  children: XmlNode[];
  text: string;
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&([^;]*);/g, (_all, name: string) => {
    const value = ENTITIES[name];
    if (value === undefined) throw new Error(`unknown entity &${name};`);
    return value;
  });
}

export function readXml(source: string): XmlNode {
  const rest = source.replace(/^\s*<\?xml[^?]*\?>/, "").replace(/<!--[\s\S]*?-->/g, "");
  const root: XmlNode = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  const token = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
  while (token.lastIndex < rest.length) {
    const at = token.lastIndex;
    const [, closing, name = "", attributes = "", single, text] = token.exec(rest) ?? [];
    if (token.lastIndex === 0) throw new Error(`not XML at "${rest.slice(at, at + 40)}"`);
    const top = open.at(-1);
    if (!top) throw new Error("text after the root");
    if (text !== undefined) top.text += decode(text);
    else if (closing) {
      if (top.name !== name) throw new Error(`</${name}> closes <${top.name}>`);
      open.pop();
    } else {
      const node: XmlNode = { name, attributes: {}, children: [], text: "" };
      for (const [, key = "", double, quoted] of attributes.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
        node.attributes[key] = decode(double ?? quoted ?? "");
      }
      top.children.push(node);
      if (!single) open.push(node);
    }
  }
  const [document] = root.children;
  if (open.length !== 1 || root.children.length !== 1 || !document) throw new Error("not one whole document");
  return document;
}
