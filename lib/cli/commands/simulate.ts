// meshwright simulate: what a design would do with a request, hop by hop.
import { buildIndex, isConnectionListener, type MeshDocument, type MeshIndex } from "@/lib/mesh";
import { type Answer, ask, buildScene, type Hop, hostText, type Question, question } from "@/lib/simulate";
import { objectOfHost, tunnelPorts } from "@/lib/simulate/names";
import { callerNamed } from "../callers";
import type { CliCommand, Given } from "../command";
import { checkDesign, readDesign } from "../files";
import { EXIT, printJson, UsageError } from "../io";
import { askable, jsonWarnings, MANIFEST_OPTIONS, sayWarnings } from "../manifests";
import { readQuestions } from "../reading";
import { refuse } from "../refuse";

const ANSWERED: ReadonlySet<Answer["outcome"]> = new Set(["forwarded", "redirected", "responded"]);

export const simulate: CliCommand = {
  name: "simulate",
  usage: "--from NS/WORKLOAD --to HOST[:PORT] FILE|FOLDER...",
  about:
    "Asks a design what would happen to a request: the rule that decides at each hop, those that do not match and why.",
  options: {
    ...MANIFEST_OPTIONS,
    from: { type: "string", value: "NS/NAME", about: "the workload that calls, or a gateway whose client calls" },
    to: { type: "string", value: "HOST[:PORT]", about: "what the caller writes as Host" },
    method: { type: "string", about: "default GET, for a TCP port CONNECT" },
    path: { type: "string", value: "PATH", about: "with its query; default /" },
    header: { type: "string", value: "'NAME: VALUE'", about: "may be given several times", multiple: true },
    certificate: {
      type: "string",
      value: "NAMES",
      about: "what a client of a gateway shows in TLS: its alternative names, with commas between",
    },
    claims: {
      type: "string",
      value: "JSON",
      about: 'claims of the token that the request brings, as \'{"iss": "https://id.example", "sub": "ann"}\'',
    },
    address: { type: "string", value: "IP", about: "where the caller is; default 127.0.0.1" },
    draw: {
      type: "string",
      value: "0..1",
      about: "which of several weighted destinations is taken; default the likeliest",
    },
    questions: {
      type: "string",
      value: "FILE",
      about: "a file of questions instead (YAML or JSON); - is standard input",
    },
    format: { type: "string", value: "text|json", about: "default text" },
  },
  details: `Exit code: 0 every request is answered (by an app, a redirect or a direct response), 1 one is denied, finds no route or
nobody, or the design cannot be read, 2 wrong use.

Example: meshwright simulate mesh/ --from production/checkout-v1 --to payment-service --path /pay --header 'x-user-type: beta-tester'`,
  async run(io, given) {
    const format = given.flag("json") ? "json" : given.choice("format", ["text", "json"], "text");
    const file = given.text("questions");
    const read = await readDesign(io, given.operands, given);
    const violations = read.ok ? checkDesign(read.design) : read.violations;
    if (!read.ok || violations.length > 0) return refuse(io, violations, { isJson: format === "json", isNote: false });
    const { document, locate } = read.design;
    const questions = file === undefined ? [questionOf(given, document)] : await readQuestions(io, file);
    const scene = buildScene(askable(read.design, questions.flatMap(callerOf)), { locate });
    const answers = questions.map((each) => ({ question: each, answer: ask(scene, each) }));
    const ok = answers.every(({ answer }) => ANSWERED.has(answer.outcome));
    if (format === "json") printJson(io, { ok, answers, ...jsonWarnings(read.design) });
    else {
      for (const each of answers) io.out(answerText(each.question, each.answer));
      sayWarnings(io, read.design);
    }
    return ok ? EXIT.ok : EXIT.found;
  },
};

const callerOf = ({ from }: Question) => (from.kind === "workload" ? [from.workload] : []);

function questionOf(given: Given, document: MeshDocument): Question {
  const name = given.required("from");
  const index = buildIndex(document);
  const from = callerNamed(index, name);
  const [, host = "", port] = /^(.*?)(?::(\d+))?$/.exec(given.required("to")) ?? [];
  const draw = given.text("draw");
  const certificate = given.text("certificate");
  const claims = given.text("claims");
  const address = given.text("address");
  const parsed = question.safeParse({
    from,
    to: { host, ...(port === undefined ? {} : { port: Number(port) }) },
    method: given.text("method") ?? (isTcp(index, name, host, port) ? "CONNECT" : "GET"),
    path: given.text("path") ?? "/",
    headers: Object.fromEntries(given.list("header").map(headerOf)),
    ...(certificate === undefined ? {} : { certificate: { names: certificate.split(",").filter(Boolean) } }),
    ...(claims === undefined ? {} : { token: { claims: claimsOf(claims) } }),
    ...(address === undefined ? {} : { address }),
    ...(draw === undefined ? {} : { draw: Number(draw) }),
  });
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  if (first?.path[0] === "from")
    throw new UsageError(`--from must be NAMESPACE/NAME, as production/checkout-v1, not "${name}"`);
  const field = String(first?.path[0] ?? "from");
  throw new UsageError(`--${OPTION_OF[field] ?? field}: ${first?.message}`);
}

/** Options whose fields have other names. */
const OPTION_OF: Readonly<Record<string, string>> = { token: "claims", headers: "header" };

function claimsOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`--claims must be an object in JSON, as '{"sub": "ann"}', not "${text.slice(0, 80)}"`);
  }
}

/** On a TCP port there is nothing to ask for but the connection. */
function isTcp(index: MeshIndex, from: string, host: string, port: string | undefined): boolean {
  const listeners = index
    .find("Gateway", `Gateway/${from}`)
    ?.spec.listeners.filter((each) => each.port === Number(port));
  if (listeners?.some(isConnectionListener)) return true;
  const key = objectOfHost(index, host, from.split("/")[0]);
  return key !== undefined && tunnelPorts(index, key).includes(Number(port));
}

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new UsageError(`--header must be 'NAME: VALUE', not "${text}"`);
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

function answerText({ method, path, to }: Question, { sentence, hops }: Answer): string {
  return `${method} ${hostText(to)}${path}\n${sentence}\n${hops.map(hopText).join("")}\n`;
}

function hopText({ direction, proxy, rule, considered, authorization, mtls }: Hop): string {
  const lines = [`  ${direction} ${proxy}${direction === "inbound" ? ` (${mtls})` : ""}`];
  if (rule) lines.push(`    decided by ${placeText(rule)}`);
  if (authorization) {
    const by = authorization.rule ? ` by ${placeText(authorization.rule)}` : "";
    lines.push(`    ${authorization.allowed ? "allowed" : "denied"}${by}: ${authorization.why}`);
    lines.push(...authorization.shadow.map(({ why }) => `    in shadow: ${why}`));
  }
  for (const each of considered) if (!each.matched) lines.push(`    not ${placeText(each)}: ${each.why}`);
  return `${lines.join("\n")}\n`;
}

function placeText({
  object,
  path,
  file,
  line,
}: {
  object: string;
  path: string;
  file?: string;
  line?: number;
}): string {
  return `${object}#${path}${file === undefined ? "" : ` (${file}:${line})`}`;
}
