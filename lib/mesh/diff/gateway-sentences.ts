// What changes at the listeners of a gateway, in words: who comes in, with what, and what is sent on.
// The rule: a listener is known by its name, so a list that grew says which one came.
import { isSameJson } from "../commands/equal";
import type { ClientCertificates, Listener, Path } from "../types";
import { type LeafChange, leafChanges } from "./leaves";

type Told = { sentence: string; path: Path; before?: unknown; after?: unknown };

/** @param plain what is said of any other field */
export function listenerSentences(
  subject: string,
  was: readonly Listener[],
  now: readonly Listener[],
  plain: (leaf: LeafChange) => Told,
): Told[] {
  const changed = now.flatMap((listener, i): Told[] => {
    const path: Path = ["spec", "listeners", i];
    const before = was.find(({ name }) => name === listener.name);
    if (!before) return [{ sentence: `${subject}: ${addedText(listener)}.`, path, after: listener }];
    return changesOf(`${subject}, listener ${listener.name}`, before, listener, path, plain);
  });
  const gone = was.flatMap((listener, i): Told[] => {
    if (now.some(({ name }) => name === listener.name)) return [];
    const sentence = `${subject}: listener ${listener.name} (${placeText(listener)}) is removed.`;
    return [{ sentence, path: ["spec", "listeners", i], before: listener }];
  });
  const told = [...changed, ...gone];
  if (told.length > 0 || isSameJson(was, now)) return told;
  return [{ sentence: `${subject}: its listeners are in another order.`, path: ["spec", "listeners"] }];
}

function changesOf(
  subject: string,
  was: Listener,
  now: Listener,
  path: Path,
  plain: (leaf: LeafChange) => Told,
): Told[] {
  const told: Told[] = [];
  const [before, after] = [was.tls?.clients, now.tls?.clients];
  if (was.tls && now.tls && !isSameJson(before ?? null, after ?? null)) {
    told.push({ sentence: `${subject}: ${clientsText(after)}.`, path: [...path, "tls", "clients"], before, after });
  }
  const [sentOn, isSentOn] = [was.httpsRedirect ?? false, now.httpsRedirect ?? false];
  if (sentOn !== isSentOn) {
    const sentence = `${subject}: ${redirectText(isSentOn)}.`;
    told.push({ sentence, path: [...path, "httpsRedirect"], before: was.httpsRedirect, after: now.httpsRedirect });
  }
  if (was.proxyProtocol !== now.proxyProtocol) {
    const [before, after] = [was.proxyProtocol, now.proxyProtocol];
    told.push({
      sentence: `${subject}: ${proxyProtocolText(after)}.`,
      path: [...path, "proxyProtocol"],
      before,
      after,
    });
  }
  const [limit, newLimit] = [was.connectionLimit?.maxConnections, now.connectionLimit?.maxConnections];
  if (limit !== newLimit) {
    const sentence = `${subject}: ${limitText(newLimit, limit)}.`;
    told.push({
      sentence,
      path: [...path, "connectionLimit"],
      before: was.connectionLimit,
      after: now.connectionLimit,
    });
  }
  const rest = leafChanges(withoutTold(was, now), withoutTold(now, was), path);
  return [...told, ...rest.map(plain)];
}

/** Client certificates of a listener that begins or ends to speak TLS are told with its `tls`. */
function withoutTold(
  { tls, httpsRedirect: _, proxyProtocol: __, connectionLimit: ___, ...rest }: Listener,
  other: Listener,
) {
  const { clients, ...own } = tls ?? {};
  return { ...rest, tls: tls && other.tls ? own : tls };
}

const placeText = ({ protocol, port, hosts }: Listener) => `${protocol} at port ${port} for ${hosts.join(", ")}`;

function addedText(listener: Listener): string {
  const asked = listener.tls?.clients ? `; ${clientsText(listener.tls.clients)}` : "";
  const sentOn = listener.httpsRedirect ? `; ${redirectText(true)}` : "";
  const { proxyProtocol, connectionLimit } = listener;
  const taken = proxyProtocol ? `; ${proxyProtocolText(proxyProtocol)}` : "";
  const most = connectionLimit ? `; ${limitText(connectionLimit.maxConnections)}` : "";
  return `listener ${listener.name} is added (${placeText(listener)}${asked}${sentOn}${taken}${most})`;
}

/** `clients have to show a certificate of partner.example` */
export function clientsText(clients: ClientCertificates | undefined): string {
  if (!clients) return "clients are not asked for certificates any more";
  const { mode, names, pinnedKeys = [], pinnedCertificates = [], checkRevocation } = clients;
  const unrevoked = checkRevocation ? " and not be revoked" : "";
  if (mode === "optional") return `clients may show a certificate, which then has to be valid${unrevoked}`;
  const pins = pinnedKeys.length + pinnedCertificates.length;
  const pinned = pins > 0 ? `, ${pins === 1 ? "the one that is pinned" : `one of ${pins} that are pinned`}` : "";
  const unless = checkRevocation ? ", unless it is revoked" : "";
  return `clients have to show a certificate${names ? ` of ${names.join(" or ")}` : ""}${pinned}${unless}`;
}

function proxyProtocolText(taken: Listener["proxyProtocol"]): string {
  if (!taken) return "connections begin without the PROXY protocol, and the client is who connects";
  return taken === "required"
    ? "connections begin with the PROXY protocol, which says who the client is"
    : "connections may begin with the PROXY protocol, which then says who the client is";
}

function limitText(most: number | undefined, before?: number): string {
  const was = before === undefined ? "" : ` (${before} before)`;
  return most === undefined
    ? `any number of connections may be open${was}`
    : `at most ${most} connections are open at once${was}`;
}

const redirectText = (isSentOn: boolean) =>
  isSentOn ? "plain HTTP is sent on to HTTPS (301)" : "plain HTTP is served, and no longer sent on to HTTPS";
