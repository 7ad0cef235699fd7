// Brings a YAML text to say a new value by the smallest rewriting: what did not change stays as it was written, with its
// comments, blank lines, key order and quotes. The rule: the text is cut into blocks (a pair of a map, an item of a list, each
// with the comment lines above it) and put together again; only blocks that say something else are written anew.
import { isCollection, isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { isSameJson } from "../commands/equal";
import { alignItems } from "./align";
import { afterColon, blockLines, inlineText, isInline } from "./print";

/** The text cannot be cut into blocks (anchors, tags, comments inside brackets). */
export class Unrewritable extends Error {}

type Value = Record<string, unknown>;
/** Offsets: where the lines above it begin, where it begins, where it ends (after a line break). */
type Block = { lead: number; from: number; to: number };
type Region = { start: number; end: number; column: number };

/** `text` is what `root` was parsed from, and ends with a line break. */
export function rewrite(text: string, root: unknown, value: Value): string {
  if (!isMap(root) || root.flow === true) throw new Unrewritable("not a block map");
  return new Rewriter(text).map(root, value, { start: 0, end: text.length, column: 0 });
}

class Rewriter {
  constructor(private readonly text: string) {}

  map(node: YAMLMap, value: Value, region: Region): string {
    const keys = node.items.map((pair) => keyOf(pair));
    const blocks = this.cut(
      node.items.map((pair) => this.rangeOf(pair.key)[0]),
      node.items.map((pair) => this.contentEnd(pair)),
      region,
    );
    const names = Object.keys(value).filter((key) => value[key] !== undefined);
    const pieces = inOrderOf(keys, names).map((key) => {
      const i = keys.indexOf(key);
      const block = blocks[i];
      const pair = node.items[i];
      if (!block || !pair) return blockLines({ [key]: value[key] }, region.column);
      const lead = this.text.slice(block.lead, block.from);
      if (value[key] === undefined) return withoutOwnComment(lead);
      return this.lineOf(block, region) + lead + this.pair(pair, value[key], block, region.column);
    });
    return this.join(pieces, blocks, region);
  }

  private seq(node: YAMLSeq, value: readonly unknown[], region: Region): string {
    const items = node.items.map((item) => asNode(item));
    let searched = region.start;
    const dashes = items.map((item) => {
      const dash = this.dashBetween(searched, this.rangeOf(item)[0]);
      searched = this.lineAfter(this.contentEnd(item));
      return dash;
    });
    const blocks = this.cut(
      dashes,
      items.map((item) => this.contentEnd(item)),
      region,
    );
    const plan = alignItems(
      items.map((item) => item.toJSON()),
      value,
    );
    const pieces = value.map((each, i) => {
      const from = plan[i] ?? -1;
      const [item, block, dash] = [items[from], blocks[from], dashes[from]];
      if (!item || !block || dash === undefined) return blockLines([each], region.column);
      const lead = this.text.slice(block.lead, block.from);
      return this.lineOf(block, region) + lead + this.item(item, each, block, dash, region.column);
    });
    const gone = blocks.filter((_, i) => !plan.includes(i));
    pieces.push(...gone.map((block) => withoutOwnComment(this.text.slice(block.lead, block.from))));
    return this.join(pieces, blocks, region);
  }

  private pair(pair: Pair, value: unknown, block: Block, column: number): string {
    const colon = this.text.indexOf(":", this.rangeOf(pair.key)[1]) + 1;
    const node = pair.value === null ? undefined : asNode(pair.value);
    if (node && isSameJson(node.toJSON(), value)) return this.text.slice(block.from, block.to);
    const inside = node && this.rewritten(node, value, block, colon, column);
    if (inside !== undefined) return inside;
    // a comment on the line of the key stays there
    const behind = node && !isBlock(node) ? this.rangeOf(node)[1] : colon;
    const comment = /(?:^|\s)#.*/.exec(this.text.slice(behind, this.lineEnd(behind) - 1))?.[0].trim() ?? "";
    const written = afterColon(value, column).replace("\n", comment === "" ? "\n" : ` ${comment}\n`);
    const rest = node && isBlock(node) ? block.to : this.lineEnd(behind);
    return this.text.slice(block.from, colon) + written + this.text.slice(rest, block.to);
  }

  private item(node: Node, value: unknown, block: Block, dash: number, column: number): string {
    if (isSameJson(node.toJSON(), value)) return this.text.slice(block.from, block.to);
    const inside = this.rewritten(node, value, block, dash + 1, column);
    if (inside !== undefined) return inside;
    if (isBlock(node)) return blockLines([value], column);
    const behind = this.rangeOf(node)[1];
    const comment = this.text.slice(behind, this.lineEnd(behind) - 1).trimEnd();
    const rest = this.text.slice(this.lineEnd(behind), block.to);
    return blockLines([value], column).replace("\n", `${comment}\n`) + rest;
  }

  /** The block with a new value in the place and the style of the old one; undefined when the style cannot stay. */
  private rewritten(node: Node, value: unknown, block: Block, after: number, column: number): string | undefined {
    const [from, to] = this.rangeOf(node);
    if (!isBlock(node)) {
      const isSmall = isInline(value) || (isCollection(node) && value !== null && typeof value === "object");
      if (!isSmall || from === to) return undefined;
      if (isCollection(node) && /(^|\s)#/.test(this.text.slice(from, to)))
        throw new Unrewritable("comment in brackets");
      return this.text.slice(block.from, from) + inlineText(value, node) + this.text.slice(to, block.to);
    }
    if (isInline(value)) return undefined;
    const [first] = isCollection(node) ? node.items : [];
    if (isMap(node) && isRecord(value) && first !== undefined) {
      const region = this.regionOf(this.rangeOf((first as Pair).key)[0], after, block.to);
      return this.text.slice(block.from, region.start) + this.map(node, value, region);
    }
    if (isSeq(node) && Array.isArray(value) && first !== undefined) {
      const region = this.regionOf(this.dashBetween(after, this.rangeOf(first)[0]), after, block.to);
      if (region.column < column) throw new Unrewritable("list left of its key");
      return this.text.slice(block.from, region.start) + this.seq(node, value, region);
    }
    return undefined;
  }

  private cut(starts: readonly number[], ends: readonly number[], region: Region): Block[] {
    let lead = region.start;
    return starts.map((start, i) => {
      const line = this.lineStart(start);
      const from = Math.max(line, region.start);
      const to = Math.min(region.end, this.withDeeperComments(this.lineAfter(ends[i] ?? start), region.column));
      const block = { lead, from, to };
      lead = to;
      return block;
    });
  }

  /** The first pair of a map behind a dash begins inside its line: it gets the spaces that it needs anywhere else. */
  private lineOf(block: Block, region: Region): string {
    return this.isInsideLine(region) && block.lead === region.start ? " ".repeat(region.column) : "";
  }

  private join(pieces: readonly string[], blocks: readonly Block[], region: Region): string {
    const tail = this.text.slice(blocks.at(-1)?.to ?? region.end, region.end);
    const text = pieces.join("");
    return (this.isInsideLine(region) ? text.replace(/^ */, "") : text) + tail;
  }

  private isInsideLine(region: Region): boolean {
    return region.start > 0 && this.text[region.start - 1] !== "\n";
  }

  /** From the comments under `key:` to the end of the block; or, behind a dash, from the first key on. */
  private regionOf(first: number, after: number, end: number): Region {
    const column = first - this.lineStart(first);
    return { start: this.lineStart(first) < after ? first : this.lineEnd(after), end, column };
  }

  private dashBetween(from: number, to: number): number {
    const start = this.lineStart(from) === from ? from : this.lineEnd(from);
    for (let at = start; at <= to && at < this.text.length; at = this.lineEnd(at)) {
      const indent = /^ *-(?=\s)/.exec(this.text.slice(at, this.lineEnd(at)));
      if (indent) return at + indent[0].length - 1;
    }
    throw new Unrewritable("no dash of its own line");
  }

  private withDeeperComments(from: number, column: number): number {
    let at = from;
    for (;;) {
      const line = /^( *)#/.exec(this.text.slice(at, this.lineEnd(at)));
      if (!line?.[1] || line[1].length <= column || at >= this.text.length) return at;
      at = this.lineEnd(at);
    }
  }

  private contentEnd(thing: unknown): number {
    if (isNodePair(thing)) return thing.value === null ? this.rangeOf(thing.key)[1] + 1 : this.contentEnd(thing.value);
    if (isCollection(thing) && thing.flow !== true && thing.items.length > 0)
      return this.contentEnd(thing.items.at(-1));
    return this.rangeOf(thing)[1];
  }

  private rangeOf(thing: unknown): [number, number] {
    const node = asNode(thing);
    if (!node.range || node.tag !== undefined || ("anchor" in node && node.anchor))
      throw new Unrewritable("anchor or tag");
    return [node.range[0], node.range[1]];
  }

  private lineStart(offset: number): number {
    return offset === 0 ? 0 : this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** After the next line break. */
  private lineEnd(offset: number): number {
    const next = this.text.indexOf("\n", offset);
    return next < 0 ? this.text.length : next + 1;
  }

  /** After the line in which content ends; a literal text ends behind its line break already. */
  private lineAfter(offset: number): number {
    return this.text[offset - 1] === "\n" ? offset : this.lineEnd(offset);
  }
}

/** Old keys stay where they are; a new one comes after the one that precedes it in `wanted`. */
function inOrderOf(keys: readonly string[], wanted: readonly string[]): string[] {
  const order = [...keys];
  wanted.forEach((key, i) => {
    if (order.includes(key)) return;
    const before = wanted
      .slice(0, i)
      .reverse()
      .find((each) => order.includes(each));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, key);
  });
  return order;
}

/** A removed block takes the comment right above it along; what stands above a blank line is not its own. */
function withoutOwnComment(lead: string): string {
  const lines = lead.split(/(?<=\n)/);
  const last = lines.findLastIndex((line) => line.trim() === "");
  return lines.slice(0, last + 1).join("");
}

function keyOf(pair: Pair): string {
  const key: unknown = isScalar(pair.key) ? pair.key.value : pair.key;
  if (typeof key !== "string") throw new Unrewritable("a key that is no text");
  return key;
}

function asNode(thing: unknown): Node {
  if (isScalar(thing) || isCollection(thing)) return thing;
  throw new Unrewritable("alias");
}

const isNodePair = (thing: unknown): thing is Pair => thing !== null && typeof thing === "object" && "key" in thing;
const isRecord = (value: unknown): value is Value =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Written over its own lines: a block map or list, or a literal or folded text. */
function isBlock(node: Node): boolean {
  if (isCollection(node)) return node.flow !== true;
  return isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED);
}
