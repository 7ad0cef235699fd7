"use client";
// What several screens read. Rule: one hook per resource, so that one key and one interval exist for it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { DeploymentDto, EventDto, FindingsDto, PageOf, ProxyDto, ReviewSummaryDto, SignalsDto } from "./dto";
import { keys } from "./keys";
import { get } from "./request";
import { useSteady } from "./steady";

const environmentPath = (mesh: string, environment: string) => `/meshes/${mesh}/environments/${environment}`;

export function useProxies(mesh: string, environment: string | undefined) {
  return useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "proxies", environment),
      queryFn: ({ signal }) =>
        get<PageOf<ProxyDto>>(`${environmentPath(mesh, environment ?? "")}/proxies?limit=500`, signal),
      enabled: environment !== undefined,
      refetchInterval: 10_000,
    }),
  );
}

export function useDeployments(mesh: string, environment: string | undefined) {
  return useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "deployments", environment),
      queryFn: ({ signal }) =>
        get<PageOf<DeploymentDto>>(`${environmentPath(mesh, environment ?? "")}/deployments?limit=50`, signal),
      enabled: environment !== undefined,
      refetchInterval: (query) => (query.state.data?.items.some((each) => isOpen(each)) ? 1500 : 15_000),
    }),
  );
}

export function isOpen(deployment: DeploymentDto): boolean {
  return !["done", "failed", "restored"].includes(deployment.state);
}

export interface SignalsQuestion {
  scope: "mesh" | "service" | "dependency";
  name?: string;
  range: string;
}

export function useSignals(mesh: string, environment: string | undefined, question: SignalsQuestion) {
  const search = new URLSearchParams({ scope: question.scope, range: question.range });
  if (question.name) search.set("name", question.name);
  return useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "signals", environment, search.toString()),
      queryFn: ({ signal }) => get<SignalsDto>(`${environmentPath(mesh, environment ?? "")}/signals?${search}`, signal),
      enabled: environment !== undefined,
      placeholderData: keepPreviousData,
      refetchInterval: 5000,
    }),
  );
}

export function useEvents(mesh: string, limit: number) {
  return useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "events", limit),
      queryFn: ({ signal }) => get<PageOf<EventDto>>(`/meshes/${mesh}/events?limit=${limit}`, signal),
      refetchInterval: 15_000,
    }),
  );
}

export function useReviews(mesh: string, state: "open" | "decided" | "all") {
  return useQuery({
    queryKey: keys.mesh(mesh, "reviews", state),
    queryFn: ({ signal }) => get<PageOf<ReviewSummaryDto>>(`/meshes/${mesh}/reviews?state=${state}&limit=100`, signal),
    placeholderData: keepPreviousData,
  });
}

export function useFindings(mesh: string, at: string) {
  return useSteady(
    useQuery({
      queryKey: keys.mesh(mesh, "findings", at),
      queryFn: ({ signal }) => get<FindingsDto>(`/meshes/${mesh}/findings?at=${at}`, signal),
      placeholderData: keepPreviousData,
    }),
  );
}
