"use client";
// Who is signed in and what they may do, for showing or hiding controls. Rule: never a security decision; the API
// decides on every request, this only keeps people from buttons that would refuse them.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "next/navigation";
import { get, keys, type Me } from "@/components/api-client";

export type Action = "draft:write" | "deploy" | "mesh:create" | "people:manage" | "revision:create";

const rolesFor: Record<Action, readonly string[]> = {
  "draft:write": ["author", "administrator"],
  "revision:create": ["author", "operator", "administrator"],
  deploy: ["operator", "administrator"],
  "mesh:create": ["author", "administrator"],
  "people:manage": ["administrator"],
};

export function useMe() {
  const params = useParams<{ mesh?: string }>();
  const query = useQuery({ queryKey: keys.me, queryFn: ({ signal }) => get<Me>("/me", signal), staleTime: 60_000 });
  const roles = (query.data?.roles ?? [])
    .filter((binding) => binding.mesh === null || binding.mesh === params.mesh)
    .map((binding) => binding.role);
  const can = (action: Action) => roles.some((role) => rolesFor[action].includes(role));
  return { me: query.data, roles, can, isLoading: query.isLoading };
}
