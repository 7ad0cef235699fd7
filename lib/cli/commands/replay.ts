// meshwright replay: requests that were recorded, asked of two designs; every answer that would differ.
// The rule: what could not be asked is told with its number, so that "nothing differs" can be weighed.
import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { range as rangeShape, replayAnswer } from "@/lib/api/schema";
import { buildIndex, type MeshIndex } from "@/lib/mesh";
import {
  buildScene,
  callersByIdentity,
  type Question,
  type RecordedDifference,
  type RecordedRequest,
  reaches,
  replayRequests,
} from "@/lib/simulate";
import { type Callers, NO_CALLER, readAccessLog } from "../access-log";
import { callerNamed } from "../callers";
import type { CliCommand, Given } from "../command";
import type { Design } from "../design";
import { checkDesign, readDesign } from "../files";
import { EXIT, type Io, printJson, UsageError, unreadable } from "../io";
import { askable, jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { readQuestions } from "../reading";
import { refuse } from "../refuse";
import { Server } from "../server";
import { type CallOutcome, counted, outcomeOf } from "../words";

const LEVELS = ["difference", "access", "never"] as const;
type Level = (typeof LEVELS)[number];

/** `host` of a call that the server saw is the service. */
type Difference = Omit<RecordedDifference, "before" | "after"> & { before: CallOutcome; after: CallOutcome };
type Replayed = {
  requests: number;
  /** Different ones. */
  calls: number;
  skipped: { why: string; count: number }[];
  differences: Difference[];
  warnings?: Design["warnings"];
};

export const replayCommand: CliCommand = {
  name: "replay",
  usage: "BEFORE AFTER (--log FILE... | --questions FILE) | --mesh SLUG --environment NAME",
  about: "Asks recorded requests of two designs and lists every answer that would differ.",
  options: {
    ...MANIFEST_OPTIONS,
    log: {
      type: "string",
      value: "FILE",
      about:
        "an access log: JSON lines, or the text of Envoy and Istio; - is standard input; may be given several times",
      multiple: true,
    },
    from: { type: "string", value: "NS/NAME", about: "with --log: the workload or gateway whose proxy wrote the log" },
    questions: { type: "string", value: "FILE", about: "requests as simulate --questions takes them" },
    mesh: { type: "string", value: "SLUG", about: "what the server saw, of what runs there and the draft" },
    environment: { type: "string", value: "NAME", about: "with --mesh: where it was seen" },
    range: { type: "string", value: "LENGTH", about: "with --mesh: for how long back, as 15m, 6h or 7d; default 1h" },
    revision: { type: "string", value: "N", about: "with --mesh: revision 3 or r3 instead of the draft" },
    "fail-on": {
      type: "string",
      value: "LEVEL",
      about:
        "difference (default): any; access: requests that reached an app and would not, or the other way round; never",
    },
    format: { type: "string", value: "text|json", about: "default text" },
  },
  details: `A log tells method, authority, path and user agent; other headers were not recorded, so rules that ask for them are asked without. Lines that a callee's proxy
wrote count where they name the caller by its SPIFFE ID (downstream_peer), as Meshwright's do; all others are calls of --from.

Exit code: 0 nothing of that level, 1 something (or a design that cannot be read), 2 wrong use, which includes a log without a request, 3 the server.

Examples:
  kubectl logs deploy/checkout -c istio-proxy | meshwright replay --dialect istio main/ change/ --log - --from production/checkout
  meshwright replay --mesh shop --environment production --range 24h --fail-on access`,
  async run(io, given) {
    const format = given.flag("json") ? "json" : given.choice("format", ["text", "json"], "text");
    const level = given.choice("fail-on", LEVELS, "difference");
    const mesh = given.text("mesh");
    if (mesh !== undefined) {
      if (given.operands.length > 0) throw new UsageError("give either --mesh or two designs");
      return tell(io, format, level, await onServer(new Server(io), given, mesh));
    }
    if (given.operands.length !== 2) throw new UsageError("name two designs: BEFORE and AFTER");
    const before = await readDesign(io, given.operands.slice(0, 1), given);
    const after = await readDesign(io, given.operands.slice(1), given);
    const violations = [before, after].flatMap((read) => (read.ok ? checkDesign(read.design) : read.violations));
    if (!before.ok || !after.ok || violations.length > 0) {
      return refuse(io, violations, { isJson: format === "json", isNote: false });
    }
    if (format === "text") sayWarnings(io, after.design);
    return tell(io, format, level, await here(io, given, before.design, after.design));
  },
};

async function here(io: Io, given: Given, before: Design, after: Design): Promise<Replayed> {
  const places = given.list("log");
  const file = given.text("questions");
  if ((places.length === 0) === (file === undefined)) throw new UsageError("give either --log or --questions");
  const { recorded, skipped } =
    file === undefined ? await fromLogs(io, given, before, places) : await fromQuestions(io, file);
  const callers = recorded.flatMap(({ question: { from } }) => (from.kind === "workload" ? [from.workload] : []));
  const asked = [...new Set(callers)];
  const sceneOf = (design: Design) => buildScene(askable(design, asked), { locate: design.locate });
  return {
    requests: recorded.reduce((sum, { count }) => sum + count, 0),
    calls: recorded.length,
    skipped,
    differences: replayRequests(sceneOf(before), sceneOf(after), recorded).map((each) => ({
      ...each,
      before: outcomeOf(each.before),
      after: outcomeOf(each.after),
    })),
    ...jsonWarnings(before, after),
  };
}

type Requests = Pick<Replayed, "skipped"> & { recorded: RecordedRequest[] };

async function fromQuestions(io: Io, file: string): Promise<Requests> {
  const questions = await readQuestions(io, file);
  return { recorded: questions.map((question) => ({ question, count: 1 })), skipped: [] };
}

async function fromLogs(io: Io, given: Given, before: Design, places: readonly string[]): Promise<Requests> {
  const index = buildIndex(before.document);
  const callers: Callers = { own: callerOf(index, given.text("from")), byIdentity: callersByIdentity(index) };
  const { recorded, lines: total, skipped } = await readAccessLog(linesOf(io, places), callers);
  const reasons = [...skipped].map(([why, count]) => ({ why, count }));
  if (recorded.length > 0) return { recorded, skipped: reasons };
  if (total === 0) throw new UsageError(`there is no line in ${places.join(", ")}`);
  if (skipped.has(NO_CALLER)) {
    throw new UsageError("these lines do not say who called: name the workload or gateway that wrote them by --from");
  }
  throw new UsageError(`there is no request in ${places.join(", ")}: ${reasons.map(skipText).join(", ")}`);
}

/** At most: a longer one is given in parts. */
const MAX_LINES = 5_000_000;
const MAX_LINE_CHARACTERS = 65_536;

async function* linesOf(io: Io, places: readonly string[]): AsyncGenerator<string> {
  for (const place of places) {
    if (place === "-") yield* (await io.readStdin()).split("\n");
    else yield* linesOfFile(path.resolve(io.cwd, place), place);
  }
}

async function* linesOfFile(file: string, place: string): AsyncGenerator<string> {
  let count = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: 1000 })) {
      if (++count > MAX_LINES) throw new UsageError(`${place} has more than ${MAX_LINES} lines: give a part of it`);
      yield line.slice(0, MAX_LINE_CHARACTERS);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw unreadable(place, error);
  }
}

function callerOf(index: MeshIndex, name: string | undefined): Question["from"] | undefined {
  if (name === undefined) return undefined;
  const from = callerNamed(index, name);
  if (index.get(from.kind === "workload" ? from.workload : from.gateway)) return from;
  const known = [...index.all("Workload"), ...index.all("Gateway")].map(
    ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
  );
  const names = known.slice(0, 10).join(", ");
  throw new UsageError(
    `--from: BEFORE has no workload or gateway ${name}; it has ${names}${known.length > 10 ? ", …" : ""}`,
  );
}

async function onServer(server: Server, given: Given, mesh: string): Promise<Replayed> {
  for (const name of ["questions", "from"]) {
    if (given.text(name) !== undefined) throw new UsageError(`give either --mesh or --${name}`);
  }
  if (given.list("log").length > 0) throw new UsageError("give either --mesh or --log");
  const revision = given.revision("revision");
  const range = given.text("range") ?? "1h";
  if (!rangeShape.safeParse(range).success) throw new UsageError("--range must be a length of time as 15m, 6h or 7d");
  const { body } = await server.request(`/meshes/${encodeURIComponent(mesh)}/replay`, answered, {
    method: "POST",
    body: {
      at: revision === undefined ? "draft" : `r${revision}`,
      environment: given.required("environment"),
      range,
    },
  });
  const { requests, calls, unknown, differences } = body;
  return {
    requests,
    calls,
    skipped: unknown === 0 ? [] : [{ why: "calls of or to what the design does not know", count: unknown }],
    differences: differences.map(({ callee, before, after, ...each }) => ({
      ...each,
      host: callee,
      paths: 1,
      before: outcomeOf(before),
      after: outcomeOf(after),
    })),
  };
}

const answered = z.looseObject({
  requests: replayAnswer.shape.requests,
  calls: replayAnswer.shape.calls,
  unknown: replayAnswer.shape.unknown,
  differences: replayAnswer.shape.differences,
});

const isOfAccess = ({ before, after }: Difference) => reaches(before) !== reaches(after);

function tell(io: Io, format: "text" | "json", level: Level, replayed: Replayed): number {
  const { requests, calls, skipped, differences } = replayed;
  const counts = level === "access" ? differences.filter(isOfAccess) : level === "never" ? [] : differences;
  const ok = counts.length === 0;
  if (format === "json") printJson(io, { ok, ...replayed });
  else {
    for (const each of differences) io.out(`${isOfAccess(each) ? "!" : "~"} ${lineOf(each)}\n`);
    for (const each of skipped) io.note(`not asked: ${skipText(each)}\n`);
    const differing = differences.reduce((sum, { count }) => sum + count, 0);
    const asked = `${counted(requests, "request")} (${counted(calls, "different one")})`;
    io.note(`${asked} asked, ${differing} would be answered differently.\n`);
  }
  return ok ? EXIT.ok : EXIT.found;
}

function lineOf({ count, paths, sentence }: Difference): string {
  const others = paths > 1 ? ` And ${counted(paths - 1, "more path")} alike.` : "";
  return `${counted(count, "request")}: ${sentence}${others}`;
}

const skipText = ({ why, count }: Replayed["skipped"][number]) => `${count} (${why})`;
