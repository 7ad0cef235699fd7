import type { Metadata } from "next";
import { DocumentScreen } from "@/components/document";

export const metadata: Metadata = { title: "Document" };

export default function DocumentPage() {
  return <DocumentScreen />;
}
