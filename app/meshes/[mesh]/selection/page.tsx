import type { Metadata } from "next";
import { Selection } from "@/components/selection";

export const metadata: Metadata = { title: "Selection" };

export default function SelectionPage() {
  return <Selection />;
}
