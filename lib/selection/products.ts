// The candidates of an evaluation. AWS App Mesh is none: its service ended on 2026-09-30.
import type { Product } from "./types";

export const PRODUCTS: readonly Product[] = [
  {
    id: "istio-sidecar",
    name: "Istio, sidecar mode",
    version: "1.31",
    exportTarget: "istio",
    homepage: "https://istio.io/",
    summary: "Envoy beside every workload, configured by istiod on Kubernetes; the widest set of traffic policies.",
  },
  {
    id: "istio-ambient",
    name: "Istio, ambient mode",
    version: "1.31",
    exportTarget: "istio",
    homepage: "https://istio.io/latest/docs/ambient/",
    summary: "One ztunnel on each node for mutual TLS and TCP; waypoint proxies (Envoy) where policy goes by requests.",
  },
  {
    id: "linkerd",
    name: "Linkerd",
    version: "2.20",
    exportTarget: "linkerd",
    homepage: "https://linkerd.io/",
    summary: "A small proxy of its own, written in Rust, beside every pod; few settings, Kubernetes only.",
  },
  {
    id: "consul",
    name: "Consul",
    version: "1.22 to 2.1",
    exportTarget: "consul",
    homepage: "https://developer.hashicorp.com/consul/docs/connect",
    summary: "Service discovery and mesh with Envoy on Kubernetes, Nomad and virtual machines; Community Edition here.",
  },
  {
    id: "kuma",
    name: "Kuma",
    version: "3.0",
    exportTarget: "kuma",
    homepage: "https://kuma.io/",
    summary:
      "Envoy beside every workload on Kubernetes and machines alike, with many meshes and zones in one control plane.",
  },
  {
    id: "cilium",
    name: "Cilium",
    version: "1.20",
    exportTarget: "cilium",
    homepage: "https://cilium.io/",
    summary: "A Kubernetes network in eBPF with one Envoy on each node for policy and routes by requests.",
  },
  {
    id: "meshwright",
    name: "Meshwright",
    version: "0.1",
    homepage: "README.md",
    summary:
      "Design, review and signals with a data plane of its own on Node.js, outside Kubernetes; young, by one company.",
  },
];
