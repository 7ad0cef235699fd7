import type { Metadata } from "next";
import { NewPolicy } from "@/components/policies";

export const metadata: Metadata = { title: "New policy" };

export default function NewPolicyPage() {
  return <NewPolicy />;
}
