// Every kind of bad input to every importer and to our own YAML: a finding with line and column, or, where it is not bad, none.
// The rule: what is refused changes nothing, and costs no more than it is long.
import { describe, expect, test } from "vitest";
import { YAML_LIMITS } from "@/lib/mesh/yaml/read";
import { BAD_READERS, type Found } from "../testing/bad-readers";

const SIZE = 10 * 1024 * 1024;
const LETTERS = [..."abcdefghi"];
/** Nine levels of eight aliases each: a hundred million words of a few hundred bytes. */
const LAUGHS = LETTERS.map((name, i) => {
  const parts = Array(8).fill(i === 0 ? "lol" : `*${LETTERS[i - 1]}`);
  return `${name}: &${name} [${parts.join(", ")}]`;
}).join("\n");

const placeOf = (text: string, offset: number) => {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
};
const PLACED = { line: expect.any(Number), column: expect.any(Number), fix: expect.stringMatching(/./) };

describe.each(BAD_READERS)("$name", ({ good, place, mistyped, twice, unknown, circle, read }) => {
  const before = read(good);
  const refusal = (text: string): Found | undefined => {
    const { refused, changes } = read(text);
    expect(changes).toBe("[]");
    for (const each of refused) expect(each).toMatchObject(PLACED);
    return refused[0];
  };

  test("the good text is taken", () => {
    expect(before.refused).toEqual([]);
    expect(before.changes.length).toBeGreaterThan(100);
  });

  test("truncated: refused where it ends", () => {
    const text = good.slice(0, Math.max(good.lastIndexOf("{"), good.lastIndexOf("[")) + 1) || `${good}x: {`;
    expect(refusal(text)?.message).toContain("not valid YAML");
  });

  test("billion laughs: refused before it laughs", () => {
    expect(refusal(LAUGHS)?.message).toContain("aliases");
  });

  test("ten megabytes: refused at the beginning", () => {
    const text = `${good}\n# ${"x".repeat(SIZE)}`;
    expect(refusal(text)).toMatchObject({ line: 1, column: 1, message: expect.stringContaining("MiB") });
  });

  test("nested deep: refused where it is too deep", () => {
    const flow = `a: ${"[".repeat(5000)}`;
    expect(refusal(flow)).toMatchObject({ line: 1, column: 4 + YAML_LIMITS.depth });
    const block = Array.from({ length: 400 }, (_, i) => `${" ".repeat(i)}a:`).join("\n");
    expect(refusal(block)?.message).toContain("nested deeper");
  });

  test("a wrong type: found at its place", () => {
    const [is, as] = mistyped;
    expect(good).toContain(is);
    const text = good.replace(is, as);
    const { refused, warned } = read(text);
    const { line } = placeOf(text, text.indexOf(as));
    const found = [...refused, ...warned].filter((each) => each.line === line);
    expect(found).toEqual(expect.arrayContaining([expect.objectContaining(PLACED)]));
  });

  test("no field of the good text is of a wrong type", () => {
    expect(before.warned.filter(({ message }) => message.includes("by the product's schema"))).toEqual([]);
  });

  test("an unknown kind: named, with its place", () => {
    const { refused, warned } = read(unknown);
    expect([...refused, ...warned][0]).toMatchObject(PLACED);
  });

  test("a key that is written twice: refused at the second one", () => {
    const text = good.startsWith("[")
      ? good.replace(twice, `${twice}, ${twice}`)
      : good.replace(twice, `${twice}\n${twice}`);
    const second = text.indexOf(twice, text.indexOf(twice) + 1);
    expect(refusal(text)).toMatchObject(placeOf(text, second));
  });

  test("a circle: read to its end, and what is said has a place", () => {
    const { refused, warned } = read(circle);
    for (const each of [...refused, ...warned]) expect(each).toMatchObject(PLACED);
  });

  test("a byte-order mark and line ends of Windows: no problem", () => {
    const { refused, changes } = read(`\uFEFF${good.replaceAll("\n", "\r\n")}`);
    expect(refused).toEqual([]);
    expect(changes).toBe(before.changes);
  });

  test("eight times as much, good and unknown: not many times more than eight times the work", () => {
    const costOf = (copies: number) => {
      const worlds = Array.from({ length: copies }, (_, i) => good.replaceAll(place, `${place}-${i}`));
      const text = worlds.map((each) => `${each}\n---\n${unknown}`).join("\n---\n");
      const { user } = process.cpuUsage();
      read(text);
      return process.cpuUsage().user - user;
    };
    const few = Math.max(costOf(2), costOf(2), costOf(2));
    // In microseconds of the processor; a tenth of a second for collections that fall into it.
    expect(costOf(16)).toBeLessThan(30 * few + 100_000);
  });

  test("not UTF-8: refused at the first wrong byte", () => {
    const at = good.indexOf("shop") < 0 ? good.indexOf("name: ") + 6 : good.indexOf("shop");
    const bytes = Buffer.concat([Buffer.from(good.slice(0, at)), Buffer.from([0xff]), Buffer.from(good.slice(at))]);
    expect(refusal(bytes.toString("utf8"))).toMatchObject({ ...placeOf(good, at), message: "is not UTF-8" });
  });
});

/** Our own YAML has no such fields: what is not in its schema is refused. */
const withUnread = BAD_READERS.flatMap(({ name, read, unread }) =>
  unread === undefined ? [] : [{ name, read, unread }],
);

test.each(withUnread)(
  "$name: a wrong type of a field that nobody reads is found at its place, and nothing else is refused",
  ({ read, unread: [text, field] }) => {
    const { refused, warned } = read(text);
    const { line, column } = placeOf(text, text.indexOf(field));
    const typed = warned.filter(({ message }) => message.includes("by the product's schema"));
    expect(refused).toEqual([]);
    expect(typed).toMatchObject([{ line, column, message: expect.stringMatching(/^must be .+ and is /) }]);
    expect(typed[0]?.fix).toMatch(/./);
  },
);
