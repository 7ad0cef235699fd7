"use client";
// The form of a policy, by its kind.
import type { PolicyObject } from "@/lib/mesh/policies";
import { AuthorizationForm } from "./authorization-form";
import { RateLimitForm } from "./rate-limit-form";
import { RequestAuthenticationForm } from "./request-authentication-form";
import { RouteForm } from "./route-form";
import { EgressForm, MutualTlsForm } from "./security-forms";
import { TcpRouteForm } from "./tcp-route-form";
import { SubsetForm, TrafficForm } from "./traffic-forms";

export { FormProvider, type PolicyForm } from "./form-context";

export function KindForm({ object }: { object: PolicyObject }) {
  switch (object.kind) {
    case "Route":
      return <RouteForm route={object} />;
    case "TcpRoute":
      return <TcpRouteForm route={object} />;
    case "Subset":
      return <SubsetForm subset={object} />;
    case "TrafficPolicy":
      return <TrafficForm policy={object} />;
    case "RateLimit":
      return <RateLimitForm policy={object} />;
    case "MutualTls":
      return <MutualTlsForm policy={object} />;
    case "RequestAuthentication":
      return <RequestAuthenticationForm policy={object} />;
    case "AuthorizationPolicy":
      return <AuthorizationForm policy={object} />;
    case "Egress":
      return <EgressForm policy={object} />;
  }
}
