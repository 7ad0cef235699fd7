// Kinds of Cilium that a design has no place for: kept whole, and written back on export to Cilium.
import { type KeptKind, importKept as keptOf } from "../shared/kept-kinds";

type Kind = KeptKind & { versions: readonly string[]; isClusterWide?: boolean };

const ENVOY = "is configuration of Envoy that is written by hand";
const BGP = "announces addresses to routers outside";
const kept = (kind: string, why: string, more: Partial<Kind> = {}): Kind => ({
  kind,
  why,
  verdict: "ignored",
  versions: ["v2", "v2alpha1"],
  isClusterWide: true,
  ...more,
});
const loud = { verdict: "lost", changesMeaning: true } as const;

const KINDS: readonly Kind[] = [
  kept("CiliumEnvoyConfig", ENVOY, { ...loud, isClusterWide: false }),
  kept("CiliumClusterwideEnvoyConfig", ENVOY, loud),
  kept("CiliumLocalRedirectPolicy", "sends calls to a pod of the same node", { verdict: "lost", isClusterWide: false }),
  kept("CiliumEgressGatewayPolicy", "gives calls to the outside the address of a gateway", { verdict: "lost" }),
  kept("CiliumCIDRGroup", "is a list of addresses, which have no place here", { verdict: "lost" }),
  kept("CiliumLoadBalancerIPPool", "gives load balancers their addresses, which no call here notices"),
  kept("CiliumL2AnnouncementPolicy", "announces addresses in the local network, which no call here notices"),
  kept("CiliumBGPClusterConfig", BGP),
  kept("CiliumBGPPeerConfig", BGP),
  kept("CiliumBGPAdvertisement", BGP),
  kept("CiliumBGPNodeConfigOverride", BGP),
  kept("CiliumBGPPeeringPolicy", BGP),
];

export const KEPT_KINDS = KINDS.map(({ versions, isClusterWide = false, ...each }) => ({
  kind: each.kind,
  versions,
  isClusterWide,
  run: keptOf(each, "Say by hand what it means, or keep Cilium."),
}));
