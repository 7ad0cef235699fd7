// The page that shows what chains of proxies did with hostile input. Rule: it tells what was seen, with the versions that it was seen on.

export interface ChainOutcome {
  readonly name: string;
  /** Of the first answer; null: none came. */
  readonly status: number | null;
  /** Whole requests that reached the origin. */
  readonly forwarded: number;
  /** Answers of the origin that came back to the same client. */
  readonly answered: number;
  /** The client ended the connection. */
  readonly hasLeft: boolean;
  readonly seen: readonly string[];
}

const cell = (one: ChainOutcome | undefined): string =>
  one === undefined ? "" : `${one.status ?? "no answer"}${one.forwarded > 0 ? `, ${one.forwarded}` : ""}`;

export function renderChains(
  outcomes: ReadonlyMap<string, readonly ChainOutcome[]>,
  versions: ReadonlyMap<string, string | null>,
): string {
  const chains = [...outcomes.keys()];
  const told = [...versions].filter(([, version]) => version !== null).map(([peer, version]) => `${peer} ${version}`);
  const heads = chains.map((name) =>
    name.endsWith("before") ? `${name.replace(" before", "")} → ours` : `ours → ${name.replace(" behind", "")}`,
  );
  const names = (outcomes.get(chains[0] ?? "") ?? []).map((one) => one.name);
  const rows = names.map((name, i) => {
    const cells = chains.map((chain) => cell(outcomes.get(chain)?.[i]));
    return `| ${name.replace(/\|/g, "\\|")} | ${cells.join(" | ")} |`;
  });
  return `# Smuggling through chains

Every input of [HTTP/1.1 strictness](http1-strictness.md) through two proxies to an origin: another one before ours, and ours before another
one. A cell is the status of the first answer, and the number of whole requests that reached the origin where any did. Held for every cell by
\`proxy/test/chains.integration.test.ts\`: each request at the origin was answered to the client that asked for it, another client on the same
kept connections got its own answer, and what ours refuses no peer behind it ever saw. Behind ours the request that hides in the bytes
(\`/smuggled\`) never reached the origin. Before ours the others forgive some line ends, white space and trailers, so that for them it is the
client's second request: that is a 2, answered to that client.

Seen on ${told.join(", ")}. The chain with node:http is tested always, the others where they are installed. Renew with
\`UPDATE_DOCS=1 npx vitest run --project integration proxy/test/chains\`.

${names.length} inputs x ${chains.length} chains.

| input | ${heads.join(" | ")} |
| --- | ${heads.map(() => "---").join(" | ")} |
${rows.join("\n")}
`;
}
