"use client";
// What the screen asks of the API: answers about revisions, policy tests, replay. Rule: the draft's answers come from the worker, not from here.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, keys, request, send } from "@/components/api-client";
import type { PolicyTests, ReplayAnswer, SimulateAnswer, StoredTest, TestRun } from "@/lib/api/schema";
import type { PolicyTest, Question } from "@/lib/simulate";

export function useRevisionAnswer(mesh: string, at: string | null, question: Question | null) {
  return useQuery({
    queryKey: keys.mesh(mesh, "simulate", at, question),
    queryFn: () => send<SimulateAnswer>("POST", `/meshes/${mesh}/simulate`, { at, question }),
    enabled: at !== null && question !== null,
    placeholderData: keepPreviousData,
  });
}

export function usePolicyTests(mesh: string) {
  return useQuery({
    queryKey: keys.mesh(mesh, "policy-tests"),
    queryFn: ({ signal }) => get<PolicyTests>(`/meshes/${mesh}/policy-tests`, signal),
  });
}

/** Runs by itself when it is first shown, and when tests were saved. */
export function useTestRun(mesh: string, at: string | null, isWanted = true) {
  return useQuery({
    queryKey: keys.mesh(mesh, "policy-test-run", at),
    queryFn: () => send<TestRun>("POST", `/meshes/${mesh}/policy-tests/run`, { at }),
    enabled: at !== null && isWanted,
    placeholderData: keepPreviousData,
  });
}

export function useReplay(
  mesh: string,
  asked: { at: string | null; environment: string | undefined; range: string },
  isWanted = true,
) {
  const { at, environment, range } = asked;
  return useQuery({
    queryKey: keys.mesh(mesh, "replay", at, environment, range),
    queryFn: () => send<ReplayAnswer>("POST", `/meshes/${mesh}/replay`, { at, environment, range }),
    enabled: at !== null && environment !== undefined && isWanted,
    retry: false,
  });
}

export function useTestChanges(mesh: string) {
  const client = useQueryClient();
  const onSuccess = async () => {
    await client.invalidateQueries({ queryKey: keys.mesh(mesh, "policy-tests") });
    await client.invalidateQueries({ queryKey: keys.mesh(mesh, "policy-test-run") });
  };
  const path = (id: string) => `/meshes/${mesh}/policy-tests/${id}`;
  const save = useMutation({
    mutationFn: ({ id, test }: { id: string; test: PolicyTest }) => send<StoredTest>("PUT", path(id), test),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: ({ id, version }: { id: string; version: number }) =>
      request(path(id), { method: "DELETE", ifMatch: `"v${version}"` }),
    onSuccess,
  });
  return { save, remove };
}
