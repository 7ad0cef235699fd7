// Durations of Gateway API (GEP-2257): whole numbers of h, m, s and ms, at most four of them with at most five digits.

const FORM = /^(\d{1,5}(h|m|s|ms)){1,4}$/;
const UNITS: [name: string, ms: number][] = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

export function parseDuration(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d{1,5})(h|ms|m|s)/g)];
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS.find(([name]) => name === unit)?.[1] ?? 0),
    0,
  );
}

export function formatDuration(ms: number): string {
  let rest = ms;
  const parts = UNITS.flatMap(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count}${name}`];
  });
  return parts.length === 0 ? "0s" : parts.join("");
}
