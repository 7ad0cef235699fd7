// What PROXY protocol may say of itself, and what is refused by its path.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { findConstraintViolations } from "../contract/constraints";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { ListenerSchema } from "../contract/messages";
import { proxyProtocolPlan } from "./proxy-protocol";
import { Scope } from "./scope";

const TYPES = "type.googleapis.com/envoy.extensions.filters.listener";
const INSPECTOR = { name: "tls", typed_config: { "@type": `${TYPES}.tls_inspector.v3.TlsInspector` } };
const filter = (value: Record<string, JsonValue> = {}) => ({
  name: "proxy",
  typed_config: { "@type": `${TYPES}.proxy_protocol.v3.ProxyProtocol`, ...value },
});

function planned(filters: JsonValue[]) {
  const decoded = decodeJson(ListenerSchema, { listener_filters: filters });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = proxyProtocolPlan(decoded.value, new Scope("listener", found));
  const refused = [
    ...findUnsupported(ListenerSchema, decoded.value, "listener"),
    ...findConstraintViolations(ListenerSchema, decoded.value, "listener"),
    ...found,
  ];
  return { plan, problems: refused.map(({ path }) => path) };
}

test("both versions are taken, and nothing else, unless it says otherwise", () => {
  expect(planned([filter(), INSPECTOR])).toEqual({
    plan: { statPrefix: "", allowsV1: true, allowsV2: true, allowsWithout: false, tlvs: null },
    problems: [],
  });
  const { plan } = planned([filter({ disallowed_versions: ["V1"], allow_requests_without_proxy_protocol: true })]);
  expect(plan).toMatchObject({ allowsV1: false, allowsV2: true, allowsWithout: true });
  expect(planned([INSPECTOR]).plan).toBeNull();
});

test("TLVs are kept where they are asked for: all of them, or of some types", () => {
  const tlvsOf = (pass_through_tlvs: JsonValue) => planned([filter({ pass_through_tlvs })]).plan?.tlvs;
  expect(tlvsOf({})).toBe("all");
  expect(tlvsOf({ match_type: "INCLUDE_ALL", tlv_type: [2] })).toBe("all");
  expect(tlvsOf({ match_type: "INCLUDE", tlv_type: [2, 234] })).toEqual(new Set([2, 234]));
});

test.each<[string, JsonValue[], string]>([
  ["behind another filter", [INSPECTOR, filter()], "listener.listener_filters[1]"],
  ["twice", [filter(), filter()], "listener.listener_filters[1]"],
  [
    "no version",
    [filter({ disallowed_versions: ["V1", "V2"] })],
    "listener.listener_filters[0].typed_config.disallowed_versions",
  ],
  [
    "a type that no byte holds",
    [filter({ pass_through_tlvs: { match_type: "INCLUDE", tlv_type: [2, 256] } })],
    "listener.listener_filters[0].typed_config.pass_through_tlvs.tlv_type[1]",
  ],
  [
    "rules for TLVs",
    [filter({ rules: [{ tlv_type: 2, on_tlv_present: { key: "a" } }] })],
    "listener.listener_filters[0].typed_config.rules",
  ],
])("%s is refused", (_name, filters, path) => {
  expect(planned(filters).problems).toEqual([path]);
});
