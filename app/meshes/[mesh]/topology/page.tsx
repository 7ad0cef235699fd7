import type { Metadata } from "next";
import { Topology } from "@/components/topology";

export const metadata: Metadata = { title: "Topology" };

export default function TopologyPage() {
  return <Topology />;
}
