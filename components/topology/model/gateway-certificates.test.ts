import { describe, expect, it } from "vitest";
import type { GatewayCertificateDto } from "@/components/api-client";
import { API_VERSION, type Gateway } from "@/lib/mesh";
import {
  certificateRows,
  certificateState,
  fieldProblems,
  givenOf,
  shownBy,
  tooLarge,
  uncovered,
} from "./gateway-certificates";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const DAY_MS = 86_400_000;
const https = (name: string, hosts: string[], certificate: string) => ({
  ...({ name, port: 443, protocol: "https" } as const),
  ...{ hosts, tls: { certificate } },
});
const gateway: Gateway = {
  apiVersion: API_VERSION,
  kind: "Gateway",
  metadata: { namespace: "production", name: "edge" },
  spec: {
    type: "ingress",
    listeners: [
      { name: "http", port: 80, protocol: "http", hosts: ["*"] },
      https("shop", ["shop.example.com"], "shop"),
      https("www", ["www.example.com"], "shop"),
      https("rest", ["*"], "wild"),
    ],
  },
};
const kept: GatewayCertificateDto = {
  ...{ namespace: "production", gateway: "edge", name: "shop", subject: "shop.example.com", issuer: "Some CA" },
  ...{ names: ["shop.example.com", "www.example.com"], keyType: "ec:prime256v1", fingerprint: "AA:BB" },
  ...{ notBefore: "2026-11-01T00:00:00Z", notAfter: new Date(NOW + 60 * DAY_MS).toISOString() },
  ...{ isSelfSigned: false, clientCa: null, revocationLists: [], setBy: "Ops", setAt: "2026-11-02T00:00:00Z" },
};
const rowsOf = (
  certificates: Record<string, { stored: true; ca?: true } | { chain: string; key: string; ca?: string }>,
  all: GatewayCertificateDto[],
) => certificateRows(gateway, { gateways: [{ namespace: "production", name: "edge", certificates }] }, all);
const files = { chain: "/etc/old.pem", key: "/etc/old-key.pem" };

describe("certificates of a gateway in an environment", () => {
  it("has a row for each that listeners show, with all their hosts, and for what is bound without being drawn", () => {
    const rows = rowsOf({ shop: { stored: true }, old: files }, [{ ...kept, gateway: "other" }, kept]);
    expect(rows.map(({ name, listeners, hosts }) => [name, listeners, hosts])).toEqual([
      ["shop", ["shop", "www"], ["shop.example.com", "www.example.com"]],
      ["wild", ["rest"], ["*"]],
      ["old", [], []],
    ]);
    expect(rows.map((row) => [row.kept, row.files])).toEqual([
      [kept, null],
      [null, null],
      [null, files],
    ]);
    expect(rows.map(shownBy)).toEqual([
      "Shown by shop and www for shop.example.com and www.example.com.",
      "Shown by rest for any name.",
      "No listener of the draft shows it.",
    ]);
    expect(certificateRows({ ...gateway, spec: { ...gateway.spec, listeners: [] } }, { gateways: [] }, [])).toEqual([]);
  });

  it("says how each stands: missing, in files, days left, soon over, over, or of other hosts", () => {
    const stateOf = (change: Partial<GatewayCertificateDto>) => {
      const [row] = rowsOf({ shop: { stored: true } }, [{ ...kept, ...change }]);
      const { status, word } = certificateState(row!, NOW);
      return `${status}: ${word}`;
    };
    const ends = (days: number) => new Date(NOW + days * DAY_MS).toISOString();
    expect(stateOf({})).toBe("ok: 60 d left");
    expect(stateOf({ notAfter: ends(20) })).toBe("attention: ends in 20 d");
    expect(stateOf({ notAfter: ends(-1) })).toBe("failing: expired");
    expect(stateOf({ names: ["shop.example.com"] })).toBe("attention: hosts not covered");
    const rows = rowsOf({ wild: files }, []);
    expect(rows.map((row) => certificateState(row, NOW))).toEqual([
      { status: "failing", word: "missing" },
      { status: "unmeasured", word: "files of its machine" },
    ]);
  });

  it("names the hosts that its clients refuse", () => {
    const [row] = rowsOf({ shop: { stored: true } }, [{ ...kept, names: ["*.example.org"] }]);
    expect(uncovered(row!)).toEqual(["shop.example.com", "www.example.com"]);
  });

  it("asks for the authorities of clients where a listener asks clients for certificates", () => {
    const listeners = gateway.spec.listeners.map((each) =>
      each.name === "www" ? { ...each, tls: { certificate: "shop", clients: { mode: "required" as const } } } : each,
    );
    const asking: Gateway = { ...gateway, spec: { ...gateway.spec, listeners } };
    const stateOf = (certificates: Parameters<typeof rowsOf>[0], clientCa: GatewayCertificateDto["clientCa"]) => {
      const binding = { gateways: [{ namespace: "production", name: "edge", certificates }] };
      const [row] = certificateRows(asking, binding, [{ ...kept, clientCa }]);
      return [row?.askers, certificateState(row!, NOW).word];
    };
    const authority = { subject: "Partners", notAfter: "2027-01-01T00:00:00Z", fingerprint: "CC" };
    expect(stateOf({ shop: { stored: true } }, null)).toEqual([["www"], "authorities of clients missing"]);
    expect(stateOf({ shop: { stored: true, ca: true } }, [authority])).toEqual([["www"], "60 d left"]);
    expect(stateOf({ shop: files }, null)).toEqual([["www"], "authorities of clients missing"]);
    expect(stateOf({ shop: { ...files, ca: "/ca.pem" } }, null)).toEqual([["www"], "files of its machine"]);
    expect(stateOf({}, null)).toEqual([["www"], "missing"]);
  });

  it("asks for revocation lists where a listener refuses revoked certificates, and says when one ended", () => {
    const clients = { mode: "required" as const, checkRevocation: true };
    const listeners = [{ ...https("www", ["www.example.com"], "shop"), tls: { certificate: "shop", clients } }];
    const checking: Gateway = { ...gateway, spec: { ...gateway.spec, listeners } };
    const clientCa = [{ subject: "Partners", notAfter: "2027-01-01T00:00:00Z", fingerprint: "CC" }];
    const stateOf = (bound: object, nextUpdate?: string | null) => {
      const certificates = { shop: bound as { stored: true } };
      const revocationLists = nextUpdate === undefined ? [] : [{ issuer: "Partners", nextUpdate }];
      const binding = { gateways: [{ namespace: "production", name: "edge", certificates }] };
      const [row] = certificateRows(checking, binding, [{ ...kept, clientCa, revocationLists }]);
      return [row?.checkers, certificateState(row!, NOW).word];
    };
    expect(stateOf({ stored: true, ca: true })).toEqual([["www"], "revocation lists missing"]);
    expect(stateOf({ stored: true, ca: true, crl: true }, "2026-11-23T00:00:00Z")).toEqual([["www"], "60 d left"]);
    expect(stateOf({ stored: true, ca: true, crl: true }, null)).toEqual([["www"], "60 d left"]);
    expect(stateOf({ stored: true, ca: true, crl: true }, "2026-11-22T00:00:00Z")).toEqual([
      ["www"],
      "a revocation list ended",
    ]);
    expect(stateOf({ ...files, ca: "/ca.pem" })).toEqual([["www"], "revocation lists missing"]);
    expect(stateOf({ ...files, ca: "/ca.pem", crl: "/crl.pem" })).toEqual([["www"], "files of its machine"]);
  });

  it("sends both or neither of certificate and key, and what is new of one that is there", () => {
    const typed = { chain: "", key: "", clientCa: "", takeAway: false };
    expect(givenOf({ ...typed, chain: " c\n", key: "k" }, false)).toEqual({ chain: "c", key: "k" });
    expect(givenOf({ ...typed, chain: "c" }, true)).toBeNull();
    expect(givenOf({ ...typed, clientCa: "a" }, false)).toBeNull();
    expect(givenOf({ ...typed, clientCa: "a" }, true)).toEqual({ clientCa: "a" });
    expect(givenOf({ ...typed, chain: "c", key: "k", clientCa: "a" }, true)).toEqual({
      ...{ chain: "c", key: "k", clientCa: "a" },
    });
    expect(givenOf({ ...typed, takeAway: true }, true)).toEqual({ clientCa: null });
    expect(givenOf(typed, true)).toBeNull();
  });

  it("puts a refusal at its field, with what to do", () => {
    expect(
      fieldProblems([
        { path: "body.chain", message: "has no certificate in PEM", fix: "Give the text." },
        { path: "body.key", message: "is a certificate", fix: "Give the key." },
        { path: "body.clientCa", message: "has a private key in it", fix: "Leave it out." },
        { path: "body.else", message: "is not known" },
      ]),
    ).toEqual({
      chain: "This has no certificate in PEM. Give the text.",
      key: "This is a certificate. Give the key.",
      clientCa: "This has a private key in it. Leave it out.",
      rest: "What was sent is not known.",
    });
    expect(fieldProblems([])).toEqual({});
  });

  it("refuses a file that is too large before it is read", () => {
    expect(tooLarge(65_536)).toBeNull();
    expect(tooLarge(200_000)).toContain("The file has 196 kB");
  });
});
