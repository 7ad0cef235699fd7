import type { Metadata } from "next";
import { Proxies } from "@/components/proxies";

export const metadata: Metadata = { title: "Proxies & identity" };

export default function ProxiesPage() {
  return <Proxies />;
}
