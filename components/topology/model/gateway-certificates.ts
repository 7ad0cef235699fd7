// Certificates that a gateway shows in an environment. Job: a row for each, in words, and which field a refusal is about.
// Rule: pure; the design's listeners say which are asked for, the binding which are there, the server what is in them.
import type { BindingDto, GatewayCertificateDto } from "@/components/api-client";
import { formatDuration, listInWords, type Status } from "@/components/ui";
import { type Gateway, isHttpsListener, MAX_PEM_CHARACTERS, uncoveredHosts } from "@/lib/mesh";
import { isBoundTo } from "./gateway-ports";

type Bound = NonNullable<BindingDto["gateways"][number]["certificates"]>[string];

export interface CertificateRow {
  name: string;
  /** Listeners that show it; none: it is bound and not drawn. */
  listeners: readonly string[];
  hosts: readonly string[];
  /** Listeners that ask clients for certificates: they need authorities too. */
  askers: readonly string[];
  /** Those of them that refuse revoked ones: they need lists. */
  checkers: readonly string[];
  /** PEM files on the machine of the gateway; what is in them is not known here. */
  files: { chain: string; key: string; ca?: string | undefined; crl?: string | undefined } | null;
  kept: GatewayCertificateDto | null;
}

/** In the order of the listeners, then what is bound without being drawn. */
export function certificateRows(
  gateway: Gateway,
  binding: Pick<BindingDto, "gateways">,
  kept: readonly GatewayCertificateDto[],
): CertificateRow[] {
  const { namespace, name: gatewayName } = gateway.metadata;
  const bound: Readonly<Record<string, Bound>> = binding.gateways.find(isBoundTo(gateway))?.certificates ?? {};
  const drawn = gateway.spec.listeners.filter(isHttpsListener);
  const names = new Set([...drawn.flatMap(({ tls }) => tls?.certificate ?? []), ...Object.keys(bound)]);
  return [...names].map((name) => {
    const own = drawn.filter(({ tls }) => tls?.certificate === name);
    const entry = bound[name];
    const isKept = (each: GatewayCertificateDto) =>
      each.namespace === namespace && each.gateway === gatewayName && each.name === name;
    return {
      name,
      listeners: own.map((each) => each.name),
      hosts: [...new Set(own.flatMap(({ hosts }) => hosts))],
      askers: own.filter(({ tls }) => tls?.clients).map((each) => each.name),
      checkers: own.filter(({ tls }) => tls?.clients?.checkRevocation).map((each) => each.name),
      files: entry && "chain" in entry ? entry : null,
      kept: entry && "stored" in entry ? (kept.find(isKept) ?? null) : null,
    };
  });
}

const DAY_MS = 86_400_000;
/** Public authorities renew at a third of 90 days; whoever has less left was forgotten. */
const SOON_MS = 21 * DAY_MS;

/** How it stands, in a word. */
export function certificateState(row: CertificateRow, nowMs: number): { status: Status; word: string } {
  const hasAuthorities = row.files ? row.files.ca !== undefined : row.kept?.clientCa;
  if ((row.files ?? row.kept) && row.askers.length > 0 && !hasAuthorities)
    return { status: "failing", word: "authorities of clients missing" };
  const hasLists = row.files ? row.files.crl !== undefined : row.kept && row.kept.revocationLists.length > 0;
  if ((row.files ?? row.kept) && row.checkers.length > 0 && !hasLists)
    return { status: "failing", word: "revocation lists missing" };
  if (row.files) return { status: "unmeasured", word: "files of its machine" };
  if (!row.kept) return { status: "failing", word: "missing" };
  const left = Date.parse(row.kept.notAfter) - nowMs;
  if (left <= 0) return { status: "failing", word: "expired" };
  const lists = row.kept.revocationLists.map(({ nextUpdate }) =>
    nextUpdate === null ? Infinity : Date.parse(nextUpdate),
  );
  if (lists.some((end) => end <= nowMs)) return { status: "failing", word: "a revocation list ended" };
  if (uncovered(row).length > 0) return { status: "attention", word: "hosts not covered" };
  if (left < SOON_MS) return { status: "attention", word: `ends in ${formatDuration(left)}` };
  return { status: "ok", word: `${formatDuration(left)} left` };
}

/** Hosts of its listeners whose clients refuse it. */
export const uncovered = ({ kept, hosts }: CertificateRow): string[] => (kept ? uncoveredHosts(hosts, kept.names) : []);

/** Who shows it and for whom. */
export function shownBy({ listeners, hosts }: CertificateRow): string {
  if (listeners.length === 0) return "No listener of the draft shows it.";
  const whom = listInWords(hosts.map((host) => (host === "*" ? "any name" : host)));
  return `Shown by ${listInWords(listeners)} for ${whom}.`;
}

export type CertificateField = "chain" | "key" | "clientCa";
const FIELDS: readonly CertificateField[] = ["chain", "key", "clientCa"];

/** A refusal of the server at its fields; `rest`: what is of none. */
export function fieldProblems(
  violations: readonly { path: string; message: string; fix?: string }[],
): Partial<Record<CertificateField | "rest", string>> {
  const told: Partial<Record<CertificateField | "rest", string>> = {};
  for (const { path, message, fix } of violations) {
    const field = FIELDS.find((each) => path === `body.${each}`) ?? "rest";
    const sentence = [`${subjectOf(field)} ${message}.`, ...(fix ? [fix] : [])].join(" ");
    told[field] = [told[field], sentence].filter((part) => part !== undefined).join(" ");
  }
  return told;
}

const subjectOf = (field: CertificateField | "rest"): string => (field === "rest" ? "What was sent" : "This");

/** As typed; `takeAway`: no authorities of clients any more. */
export interface CertificateTyped {
  chain: string;
  key: string;
  clientCa: string;
  takeAway: boolean;
}

/** What is sent; null: something is missing. Of one that is there the parts that stay empty stay as they are. */
export function givenOf(typed: CertificateTyped, isKept: boolean) {
  const [chain, key, clientCa] = [typed.chain.trim(), typed.key.trim(), typed.clientCa.trim()];
  const authorities = typed.takeAway ? { clientCa: null } : clientCa === "" ? {} : { clientCa };
  if (chain !== "" && key !== "") return { chain, key, ...authorities };
  return isKept && chain === "" && key === "" && "clientCa" in authorities ? authorities : null;
}

/** Said before a file is read: the server takes no larger one. */
export const tooLarge = (size: number): string | null =>
  size > MAX_PEM_CHARACTERS
    ? `The file has ${Math.ceil(size / 1024)} kB, and a certificate with its intermediates less than 64. Choose the PEM file of this gateway.`
    : null;
