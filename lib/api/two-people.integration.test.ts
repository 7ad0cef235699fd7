// Two people edit one draft at once, over the API: 200 random commands each, from whatever version each of them last saw.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  applyCommand,
  type Command,
  conflictsBetween,
  digestOf,
  type MeshDocument,
  type Positions,
  parseDocument,
  touchedBetween,
} from "@/lib/mesh";
import { randomCommand, seededRandom } from "@/lib/mesh/testing/random-commands";
import { startTestApi, type TestApi } from "./testing/api";

const seed = Number(process.env["SEED"] ?? 1);
const COMMANDS = 200;

interface Draft {
  version: number;
  document: MeshDocument;
  positions: Positions;
  digest: string;
}
interface Change {
  version: number;
  merged: boolean;
}
interface Accepted {
  who: string;
  base: number;
  version: number;
  command: Command;
}

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

const readDraft = async (token: string) => (await api.call<Draft>("GET", "/meshes/shop/draft", { token })).body;

/** Edits on what this person sees, which is looked at again only now and then. */
async function person(who: string, token: string, random: () => number) {
  const accepted: Accepted[] = [];
  const refused: Record<number, number> = {};
  let seen = await readDraft(token);
  for (let i = 0; i < COMMANDS; i++) {
    if (random() < 0.25) seen = await readDraft(token);
    const command = randomCommand(seen.document, random);
    const answer = await api.call<Change>("POST", "/meshes/shop/draft/commands", {
      token,
      headers: { "if-match": `"v${seen.version}"` },
      body: { clientId: who, commands: [command] },
    });
    if (answer.status === 200) {
      accepted.push({ who, base: seen.version, version: answer.body.version, command });
      const own = applyCommand(seen.document, seen.positions, command);
      // what one sees after a merge is what the server has, not what one thought
      if (own.ok && !answer.body.merged) seen = { ...seen, ...own, version: answer.body.version };
      else seen = await readDraft(token);
    } else {
      refused[answer.status] = (refused[answer.status] ?? 0) + 1;
      if (answer.status === 409) seen = await readDraft(token);
    }
  }
  return { accepted, refused };
}

test(`two people edit one draft for ${COMMANDS} commands each: nothing is lost, nothing invalid, both see the same (seed ${seed})`, async () => {
  const tokens = [await api.tokenFor("author"), await api.tokenFor("administrator")];
  const start = await readDraft(tokens[0] ?? "");
  const [anna, ben] = await Promise.all(
    tokens.map((token, i) => person(["anna", "ben"][i] ?? "", token, seededRandom(seed + i))),
  );
  if (!anna || !ben) throw new Error("two people were asked for");
  const accepted = [...anna.accepted, ...ben.accepted].sort((a, b) => a.version - b.version);
  const told = { accepted: [anna.accepted.length, ben.accepted.length], refused: [anna.refused, ben.refused] };

  // every refusal is one that was told: a conflict, or a command that does not fit what is there
  for (const { refused } of [anna, ben])
    expect(
      Object.keys(refused).filter((status) => !["409", "422"].includes(status)),
      JSON.stringify(told),
    ).toEqual([]);
  expect(accepted.length, JSON.stringify(told)).toBeGreaterThan(COMMANDS);
  expect(accepted.map((each) => each.version)).toEqual(accepted.map((_, i) => start.version + 1 + i));

  // nothing is lost: the draft is every accepted command, one after the other
  let state = { document: start.document, positions: start.positions };
  const touched = new Map<number, ReturnType<typeof touchedBetween>>();
  for (const { command, version } of accepted) {
    const result = applyCommand(state.document, state.positions, command);
    if (!result.ok)
      throw new Error(`version ${version} was accepted, but does not fit: ${JSON.stringify(result.violations)}`);
    expect(parseDocument(result.document)).toMatchObject({ ok: true });
    touched.set(version, touchedBetween(state.document, result.document));
    state = { document: result.document, positions: result.positions };
  }
  const [one, other] = await Promise.all(tokens.map(readDraft));
  expect(one).toEqual(other);
  expect(one?.digest).toBe(digestOf(state.document));
  expect(one?.document).toEqual(state.document);
  expect(one?.positions).toEqual(state.positions);

  // nobody wrote over what the other changed without having seen it
  const blind = accepted.flatMap((mine) =>
    accepted
      .filter((theirs) => theirs.who !== mine.who && theirs.version > mine.base && theirs.version < mine.version)
      .flatMap((theirs) => {
        const [a, b] = [touched.get(theirs.version), touched.get(mine.version)];
        return a && b ? conflictsBetween(a, b).map((key) => `${mine.version} over ${theirs.version}: ${key}`) : [];
      }),
  );
  expect(blind).toEqual([]);
}, 240_000);
