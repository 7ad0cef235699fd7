// spec.tls.frontend of a Gateway: clients that show certificates, for each port or for all, both ways.
// The rule: whose signatures count is the environment's. The names of ConfigMaps are kept where they are not those that an export would write.
import { type ClientCertificates, type Gateway, isHttpsListener, isSameJson, type Listener } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import type { ExportContext } from "../shared/export-context";
import { type Fields, isRecord } from "../shared/fields";

type Mode = ClientCertificates["mode"];
/** Of one port. `refs`: where the authorities are. */
type Validation = { mode: Mode; refs: unknown[] };
type Frontend = (port: number) => Validation | undefined;

const MODES: Readonly<Record<string, Mode>> = { AllowValidOnly: "required", AllowInsecureFallback: "optional" };
/** The path below which it is kept. */
export const KEPT_FRONTEND = "spec.tls.frontend";

/** Takes it out of `spec`, and gives listeners of protocol https what it asks of their clients. */
export function withClients(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  listeners: readonly Listener[],
): Listener[] {
  const tls = spec.object("tls");
  const written = tls?.take("frontend");
  tls?.keepRest();
  if (!tls || written === undefined) return [...listeners];
  const path = [...tls.path, "frontend"];
  const frontend = frontendOf(written);
  if (!frontend) {
    const message = "asks clients for certificates in a way that the model has no word for: here nobody is asked";
    context.warn(resource, path, message, "It is kept and written back on export.", LOST);
    tls.keep("frontend", written);
    return [...listeners];
  }
  const asking = listeners.map((listener): Listener => {
    const asked = listener.tls && frontend(listener.port);
    return listener.tls && asked ? { ...listener, tls: { ...listener.tls, clients: { mode: asked.mode } } } : listener;
  });
  if (asking.some(({ tls }) => tls?.clients?.mode === "optional")) {
    const message = "lets clients in whose certificates are not valid; here a certificate that is shown has to be";
    context.warn(resource, path, message, "Check whether such clients are meant.", { changesMeaning: true });
  }
  if (!isSameJson(written, frontendFor(asking, undefined))) tls.keep("frontend", written);
  return asking;
}

const LOST = { verdict: "lost", changesMeaning: true } as const;

/** Undefined: it is not understood. */
function frontendOf(written: unknown): Frontend | undefined {
  if (!isRecord(written)) return undefined;
  const whole = validationOf(written["default"] ?? {});
  const perPort = written["perPort"] ?? [];
  if (whole === undefined || !Array.isArray(perPort)) return undefined;
  const ports = new Map<number, Validation | null>();
  for (const each of perPort) {
    const own = isRecord(each) ? validationOf(each["tls"]) : undefined;
    if (own === undefined || !isRecord(each) || typeof each["port"] !== "number") return undefined;
    ports.set(each["port"], own);
  }
  return (port) => (ports.has(port) ? ports.get(port) : whole) ?? undefined;
}

/** Null: it asks for nothing. Undefined: it is not understood. */
function validationOf(tls: unknown): Validation | null | undefined {
  if (!isRecord(tls)) return undefined;
  const { validation } = tls;
  if (validation === undefined) return null;
  if (!isRecord(validation)) return undefined;
  const mode = MODES[String(validation["mode"] ?? "AllowValidOnly")];
  const refs = validation["caCertificateRefs"];
  return mode !== undefined && Array.isArray(refs) ? { mode, refs } : undefined;
}

/** @param source as it was written once, whose references stand as long as its port asks */
function frontendFor(listeners: readonly Listener[], source: Frontend | undefined): object | undefined {
  const asked = new Map<number, object | undefined>();
  for (const { port, tls } of listeners.filter(isHttpsListener))
    if (tls && !asked.has(port)) {
      const refs = source?.(port)?.refs ?? [{ group: "", kind: "ConfigMap", name: `${tls.certificate}-cacert` }];
      asked.set(port, tls.clients && { caCertificateRefs: refs, ...modeOf(tls.clients) });
    }
  const [first, ...more] = asked.values();
  if ([first, ...more].every((each) => each === undefined)) return undefined;
  if (more.every((each) => isSameJson(each ?? null, first ?? null))) return { default: { validation: first } };
  const perPort = [...asked].flatMap(([port, validation]) => (validation ? [{ port, tls: { validation } }] : []));
  return { default: {}, perPort };
}

const modeOf = ({ mode }: ClientCertificates) => (mode === "optional" ? { mode: "AllowInsecureFallback" } : {});

/** `left`: listeners that are not written, for what is asked of clients is said for a whole port. */
export type WrittenClients = { tls?: { frontend: object }; left: readonly Listener[]; from: Gateway };

export function clientsOf(context: ExportContext, gateway: Gateway): WrittenClients {
  const { listeners } = gateway.spec;
  const left = listeners.filter((each) => each.tls?.clients && !agreesWithPort(each, listeners));
  listeners.forEach((listener, i) => {
    const clients = listener.tls?.clients;
    if (!clients) return;
    const path = ["spec", "listeners", i, "tls", "clients"];
    if (left.includes(listener)) {
      const reason = `Gateway API asks clients of a whole port for certificates, and others of port ${listener.port} are not asked so: it is left out`;
      context.lose(gateway, path.slice(0, 3), "lost", reason, { changesMeaning: true });
      return;
    }
    const other = listeners.find(
      (each) => each.port === listener.port && each.tls?.clients && each.tls.certificate !== listener.tls?.certificate,
    );
    if (other) {
      const reason = `authorities are said for the whole of port ${listener.port}: those of ${other.tls?.certificate} and of ${listener.tls?.certificate} have to be the same`;
      context.lose(gateway, path, "approximate", reason, { changesMeaning: true });
    }
    for (const [field, what] of UNSAID) {
      if (!clients[field]) continue;
      const reason = `Gateway API has no ${what}: everybody with a certificate of the authorities gets in`;
      context.lose(gateway, [...path, field], "lost", reason, { changesMeaning: true });
    }
    if (clients.mode === "optional") {
      const reason = "AllowInsecureFallback lets in clients whose certificates are not valid as well";
      context.lose(gateway, [...path, "mode"], "approximate", reason, { changesMeaning: true });
    }
  });
  const { origin } = gateway.metadata;
  const kept = origin?.dialect === "gateway-api" ? origin.kept?.find(({ path }) => path === KEPT_FRONTEND) : undefined;
  const written = listeners.filter((each) => !left.includes(each));
  const source = kept && frontendOf(kept.value);
  const frontend = frontendFor(written, source);
  const isAsBefore = kept && written.every((each) => !each.tls || modeAt(source, each) === each.tls.clients?.mode);
  const from = isAsBefore || !origin ? gateway : withoutKept(gateway);
  return { ...(frontend ? { tls: { frontend } } : {}), left, from };
}

const UNSAID = [
  ["names", "names of clients"],
  ["pinnedKeys", "pinned keys"],
  ["pinnedCertificates", "pinned certificates"],
  ["checkRevocation", "revocation lists"],
] as const;

const modeAt = (frontend: Frontend | undefined, { port }: Listener) => frontend?.(port)?.mode;

const agreesWithPort = ({ port, tls: own }: Listener, all: readonly Listener[]) =>
  all.every(({ port: other, tls }) => !tls || other !== port || tls.clients?.mode === own?.clients?.mode);

/** What was kept of the source says what the design no longer does. */
function withoutKept(gateway: Gateway): Gateway {
  const { origin, ...metadata } = gateway.metadata;
  if (!origin?.kept) return gateway;
  const kept = origin.kept.filter(({ path }) => path !== KEPT_FRONTEND);
  return { ...gateway, metadata: { ...metadata, origin: { ...origin, kept } } };
}
