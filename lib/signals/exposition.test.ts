import { expect, test } from "vitest";
import { eachSample, parseSeries, SeriesCache } from "./exposition";

function samples(text: string): [string, number][] {
  const found: [string, number][] = [];
  eachSample(
    text,
    () => true,
    (key, value) => found.push([key, value]),
  );
  return found;
}

test("reads samples with and without labels and skips comments and blank lines", () => {
  const text = '# HELP a b\n# TYPE a counter\na 1\n\nb{c="d"} 2.5 1700000000\nbad line here\nc +Inf\nlast{} 3';
  expect(samples(text)).toEqual([
    ["a", 1],
    ['b{c="d"}', 2.5],
    ["c", Number.POSITIVE_INFINITY],
    ["last{}", 3],
  ]);
});

test("a brace, a quote or a line break inside a label value does not end it", () => {
  const text = 'a{path="/x{y}\\"z\\"",note="l1\\nl2"} 4\n';
  const [[key, value]] = samples(text) as [[string, number]];
  expect(value).toBe(4);
  expect(parseSeries(key)).toEqual({ name: "a", labels: { path: '/x{y}"z"', note: "l1\nl2" } });
});

test("an unfinished line is skipped, not misread", () => {
  expect(samples('a{b="c" 1\nd 2')).toEqual([["d", 2]]);
});

test("the cache returns one object per series and never grows past its limit", () => {
  const cache = new SeriesCache(2);
  expect(cache.of('a{b="c"}')).toBe(cache.of('a{b="c"}'));
  for (const name of ["x", "y", "z"]) cache.of(name);
  expect(cache.of("z")).toEqual({ name: "z", labels: {} });
});
