import type { Metadata } from "next";
import { Suspense } from "react";
import { AcceptInvite } from "@/components/sign-in";

export const metadata: Metadata = { title: "Join" };

export default function InvitePage() {
  return (
    <Suspense>
      <AcceptInvite />
    </Suspense>
  );
}
