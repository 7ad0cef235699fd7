// tls of a MeshExternalService -> tls of an ExternalService.
// The rule: what the model does not say (certificates, versions, authorities without a name) is told and kept word for word.
import { clientNames, type ExternalTls, type Path, type ServicePort, serverName } from "@/lib/mesh";
import type { Fields } from "../shared/fields";

export const PATH: Path = ["spec", "tls"];
export const CERTIFICATES = ["caCert", "clientCert", "clientKey"] as const;
export const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const MODES: ReadonlySet<string> = new Set(["Secured", "SkipSAN", "SkipCA", "SkipAll"]);
const FILES = "Say in the environment's binding tls: { ca, chain, key }, PEM files on the machines.";

type Note = { path: Path; message: string; fix: string; isLost?: boolean; changesMeaning?: boolean };
type Place = { host: string; protocol: ServicePort["protocol"]; addresses: readonly string[] };

/** `isKept`: it says more than the model does. */
export type SaidTls = { tls?: ExternalTls; notes: Note[]; isKept: boolean };

/** As Kuma takes it: the name of the first endpoint where none is said, and that name beside those of subjectAltNames. */
export function readTls(said: Fields, place: Place): SaidTls {
  const read = fieldsOf(said);
  // without effect in Kuma as well
  if (!read.isEnabled) return { notes: [], isKept: true };
  const found = understoodTls(read, place);
  if (typeof found !== "string") {
    const notes = notesOf(read, found.name);
    return { tls: found.tls, notes, isKept: notes.length > 0 };
  }
  const message = `has no effect here: ${found}; it is kept and written back on export to Kuma`;
  const fix = "Write the tls of the external service by hand.";
  return { notes: [{ path: PATH, message, fix, isLost: true, changesMeaning: true }], isKept: true };
}

function fieldsOf(said: Fields) {
  const isEnabled = said.flag("enabled") ?? false;
  const renegotiates = said.flag("allowRenegotiation") ?? false;
  const version = said.object("version");
  const bounds = [version?.text("min") ?? "TLSAuto", version?.text("max") ?? "TLSAuto"];
  const verification = said.object("verification");
  const mode = verification?.text("mode") ?? "Secured";
  const named = verification?.text("serverName");
  const names = (verification?.list("subjectAltNames") ?? []).map((each) => ({
    type: each.text("type") ?? "Exact",
    value: each.text("value") ?? "",
  }));
  const [ca, chain, key] = CERTIFICATES.map((name) => verification?.take(name) !== undefined);
  const isVerified = mode === "Secured" || mode === "SkipSAN";
  return {
    ...{ isEnabled, renegotiates, mode, isVerified },
    // Kuma reads versions only beside a verification, and for one only
    versions: isVerified && verification && bounds.some((each) => each !== "TLSAuto") ? bounds.join(" to ") : undefined,
    serverName: (mode === "Secured" || mode === "SkipCA") && named !== "" ? named : undefined,
    names: mode === "Secured" ? names : [],
    isMutual: mode !== "SkipAll" && chain === true && key === true,
    isOwn: isVerified && ca === true,
    unknown: [...said.names(), ...(version?.names() ?? []), ...(verification?.names() ?? [])],
  };
}

type Read = ReturnType<typeof fieldsOf>;

/** A text says why not. */
function understoodTls(
  { unknown, mode, serverName: own, names, isMutual, isOwn, isVerified }: Read,
  { host, protocol, addresses }: Place,
): { tls: ExternalTls; name: string } | string {
  if (protocol === "tcp") return "its port says tcp, where the app itself speaks TLS here";
  if (unknown[0] !== undefined) return `the model does not have ${unknown[0]}`;
  // one that nobody knows is not read as one that verifies nobody
  if (!MODES.has(mode)) return `the model does not have mode ${mode}`;
  const [first] = addresses;
  const asked = serverName.safeParse(own ?? first);
  if (!asked.success || asked.data.includes("*")) return "neither serverName nor its first endpoint is a name";
  const name = asked.data;
  if (own === undefined && IPV4.test(name) && addresses.some((each) => each !== first))
    return "each of its endpoints has to show its own address, and the model has the same names for all";
  const exact = names.filter(({ type, value }) => type === "Exact" && isComparable(value)).map(({ value }) => value);
  const wanted = clientNames.safeParse([...new Set([name, ...exact])]);
  if (!wanted.success) return "its subjectAltNames are no names of a certificate, or too many";
  const tls: ExternalTls = {
    mode: isMutual ? "mutual" : "simple",
    ...(name === host ? {} : { sni: name }),
    ...(wanted.data.length > 1 ? { subjectAltNames: wanted.data } : {}),
    ...(isOwn ? { authorities: "environment" as const } : {}),
    ...(isVerified ? {} : { insecureSkipVerify: true }),
  };
  return { tls, name };
}

/** What is not in the model, or is another word there. */
function notesOf({ isOwn, isMutual, mode, names, versions, renegotiates }: Read, name: string): Note[] {
  const notes: Note[] = [];
  const note = (where: Path, message: string, fix: string, changesMeaning = false) =>
    notes.push({ path: [...PATH, ...where], message, fix, changesMeaning });
  if (isOwn || isMutual)
    note(["verification"], "has certificates, which are files of the environment's binding here", FILES);
  if (mode === "SkipSAN") {
    const message = `takes a certificate for any name; here it has to be for ${name}`;
    note(["verification", "mode"], message, "Say the names in subjectAltNames of the external service.", true);
  }
  names.forEach(({ type, value }, i) => {
    const where = ["verification", "subjectAltNames", i];
    if (type !== "Exact") {
      const message = `takes every name that begins with ${value}; here names are whole, so it is left out`;
      note(where, message, "Write the names out.", true);
    } else if (!isComparable(value)) {
      const message = `is left out: Kuma compares ${value} with DNS names and addresses only, so no certificate has it`;
      note(where, message, "Remove it, or name a DNS name.");
    }
  });
  if (versions !== undefined) {
    const message = `says versions ${versions}; here it is TLS 1.2 or 1.3`;
    note(["version"], message, "Nothing, if the server speaks one of them.");
  }
  if (renegotiates) {
    const message = "lets the server negotiate anew in an open connection, which ends the connection here";
    note(["allowRenegotiation"], message, "Have the server ask for certificates at the beginning.");
  }
  return notes;
}

/** Kuma knows DNS names and addresses; a URI or an e-mail is never one. */
export const isComparable = (name: string): boolean => !/^(urn:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)|@/.test(name);
