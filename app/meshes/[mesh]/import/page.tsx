import type { Metadata } from "next";
import { Import } from "@/components/import";

export const metadata: Metadata = { title: "Import" };

export default function ImportPage() {
  return <Import />;
}
