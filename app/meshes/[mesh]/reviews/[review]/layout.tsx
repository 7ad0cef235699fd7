import type { ReactNode } from "react";
import { ReviewFrame } from "@/components/review";

export default function ReviewLayout({ children }: { children: ReactNode }) {
  return <ReviewFrame>{children}</ReviewFrame>;
}
