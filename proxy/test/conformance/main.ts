// `npm run conformance:envoy`: every case on Envoy and on our proxy. --record keeps what Envoy said, --only WORD,-WORD takes the
// cases whose id has the one and not the other, --list prints rows without a case. Rule: the exit code is 0 only when nothing is unexplained.

import { envoyBinary } from "../support/envoy";
import { CASES } from "./cases";
import { EVERYWHERE } from "./comparable";
import { compare, unproved } from "./compare";
import { coverageOf } from "./coverage";
import { readRecorded, readWithoutCase, writeRecorded, writeWithoutCase } from "./golden";
import { runCases } from "./session";
import { variantsOf } from "./variants";

/** Without a word that is wanted, all are; "-word" leaves some out. */
function isWanted(id: string, words: readonly string[]): boolean {
  const wanted = words.filter((word) => !word.startsWith("-"));
  if (words.some((word) => word.startsWith("-") && id.includes(word.slice(1)))) return false;
  return wanted.length === 0 || wanted.some((word) => id.includes(word));
}

export async function main(argv: readonly string[]): Promise<number> {
  const only = argv.includes("--only") ? (argv[argv.indexOf("--only") + 1] ?? "") : "";
  const coverage = coverageOf(CASES);
  if (argv.includes("--list")) {
    for (const row of coverage.without) console.log(row);
    return 0;
  }
  if (!envoyBinary) {
    console.error("ENVOY_BIN is not set: it names the binary of Envoy 1.40 to compare with.");
    return 2;
  }
  const cases = CASES.filter(({ id }) => isWanted(id, only.split(",")));
  const variants = cases.flatMap(variantsOf);
  const seen = await runCases(variants, {}, console.log);
  const { unexplained, explained, idle } = compare(variants, seen.envoy, seen.ours);
  const claims = [
    ...unproved(variants, seen.envoy).map((text) => `envoy: ${text}`),
    ...unproved(variants, seen.ours).map((text) => `ours: ${text}`),
  ];
  for (const { key, envoy, ours } of unexplained) {
    console.log(`\n${key}\n  envoy ${JSON.stringify(envoy)}\n  ours  ${JSON.stringify(ours)}`);
  }
  for (const claim of claims) console.log(`not borne out: ${claim}`);
  for (const key of idle) console.log(`explained, but there is no difference: ${key}`);
  const lost = coverage.without.filter((row) => !readWithoutCase().includes(row));
  for (const row of lost) console.log(`row without a case, and not in the list: ${row}`);
  const bad = unexplained.length + claims.length + idle.length + lost.length;
  if (argv.includes("--record") && bad === lost.length) {
    writeRecorded(only === "" ? seen.envoy : new Map([...readRecorded(), ...seen.envoy]));
    writeWithoutCase(coverage.without);
    console.log("recorded");
  }
  const why = new Set([...explained.map((one) => one.why), ...Object.values(EVERYWHERE)]);
  console.log(
    [
      "",
      `cases                    ${cases.length}, ${variants.length} configurations`,
      `rows of the table        ${coverage.rows}`,
      `rows proved              ${coverage.proved.length}`,
      `rows exempt              ${coverage.exempt.length}`,
      `rows without a case      ${coverage.without.length}`,
      `differences explained    ${why.size} (${[...why].sort().join("; ")})`,
      `differences unexplained  ${unexplained.length}`,
      `claims not borne out     ${claims.length}`,
    ].join("\n"),
  );
  return bad === 0 ? 0 : 1;
}
