import type { Metadata } from "next";
import { Export } from "@/components/export";

export const metadata: Metadata = { title: "Export" };

export default function ExportPage() {
  return <Export />;
}
