// Envoy ProxyProtocol (listener filter) -> ProxyProtocolPlan. Rule: it is what stands in front of everything, so it is the first filter.

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  ProxyProtocolPassThroughTLVs_PassTLVsMatchType as MatchType,
  type ProxyProtocolPassThroughTLVs,
  ProxyProtocolConfig_Version as Version,
} from "../contract/gen/envoy/config/core/v3/proxy_protocol_pb";
import { ProxyProtocolSchema } from "../contract/gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb";
import type { Listener } from "../contract/messages";
import type { Scope } from "./scope";
import type { PassedTlvs, ProxyProtocolPlan } from "./types";

export function proxyProtocolPlan({ listenerFilters }: Listener, scope: Scope): ProxyProtocolPlan | null {
  const plans = listenerFilters.map(({ configType }, index) => {
    const filter = configType.case === "typedConfig" ? anyUnpack(configType.value, ProxyProtocolSchema) : undefined;
    if (filter === undefined) return null;
    const at = scope.item("listener_filters", index);
    if (index > 0) at.fail("PROXY protocol is what a connection begins with; make it the first listener filter");
    const {
      disallowedVersions,
      statPrefix,
      allowRequestsWithoutProxyProtocol: allowsWithout,
      passThroughTlvs,
    } = filter;
    const allowsV1 = !disallowedVersions.includes(Version.V1);
    const allowsV2 = !disallowedVersions.includes(Version.V2);
    if (!allowsV1 && !allowsV2) {
      at.field("typed_config").field("disallowed_versions").fail("leaves no version; allow one or remove the filter");
    }
    return { statPrefix, allowsV1, allowsV2, allowsWithout, tlvs: passedTlvs(passThroughTlvs) };
  });
  return plans.find((one) => one !== null) ?? null;
}

export function passedTlvs(config: ProxyProtocolPassThroughTLVs | undefined): PassedTlvs | null {
  if (!config) return null;
  return config.matchType === MatchType.INCLUDE ? new Set(config.tlvType) : "all";
}
