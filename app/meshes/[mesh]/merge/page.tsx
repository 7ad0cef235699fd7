import type { Metadata } from "next";
import { Merge } from "@/components/merge";

export const metadata: Metadata = { title: "Bring up to date" };

export default function MergePage() {
  return <Merge />;
}
