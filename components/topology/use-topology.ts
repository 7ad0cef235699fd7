"use client";
// Everything the topology shows, from its three sources: the draft (or a revision), live state, findings.
// Rule: reads only; edits go through the draft. Objects that did not change keep their identity between answers.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { startTransition, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { type FindingDto, type FindingsDto, get, keys, type TopologyDto } from "@/components/api-client";
import type { CanvasEdge, CanvasFrame, CanvasNode, ChangeMark } from "@/components/canvas";
import { usePinnedComments } from "@/components/comments";
import { type Draft, useDraft } from "@/components/draft";
import { useMesh, useView } from "@/components/shell";
import { type Status, severityStatus, worstStatus } from "@/components/ui";
import { type MeshDocument, objectKey, type Positions } from "@/lib/mesh";
import { type Changes, changesBetween } from "./model/changes";
import { ghostsOf } from "./model/ghosts";
import { groupPicture, groupsOf } from "./model/groups";
import { indexLive, type Live, nothingLive } from "./model/live";
import { overlaid } from "./model/overlays";
import { type Pinned, pinnedAt } from "./model/pinned";
import { canvasEdges, canvasNodes, isDrawn } from "./model/to-canvas";
import type { Look } from "./use-look";

export interface Topology {
  draft: Draft;
  document: MeshDocument | null;
  positions: Positions;
  live: Live;
  measuredAt: string | null;
  findings: FindingDto[];
  /** Open comments per box or line. */
  pinned: ReadonlyMap<string, Pinned[]>;
  /** Reviews that take comments; null while it is not known. */
  reviews: readonly { number: number; title: string }[] | null;
  changes: Changes | null;
  nodes: readonly CanvasNode[];
  edges: readonly CanvasEdge[];
  frames: readonly CanvasFrame[];
  /** Names that the overlay gave a colour. */
  names: readonly { name: string; colour: string }[];
  /** Which group each box is in, whether it is open or not. */
  groups: ReadonlyMap<string, string>;
  /** Boxes, services and dependencies of the design, whatever is grouped on the picture. */
  drawn: number;
  services: number;
  dependencies: number;
  /** Live state could not be read; the design still shows. */
  liveError: Error | null;
  isDraft: boolean;
  isReading: boolean;
  error: Error | null;
  retry(): void;
}

const noChanges: ReadonlyMap<string, ChangeMark> = new Map();

export function useTopology(look: Look, search: string, selection: readonly string[]): Topology {
  const { layer, overlay, isOpen } = look;
  const { mesh, environment, atOf } = useMesh();
  const { view } = useView();
  const draft = useDraft(mesh);
  const isDraft = view.at === "draft";
  const at = atOf(view.at) ?? "draft";
  const versus = view.vs ? atOf(view.vs) : null;
  const question = { at, environment: environment?.name ?? "", range: view.range };
  const topology = useQuery({
    queryKey: keys.mesh(mesh, "topology", question),
    queryFn: ({ signal }) => get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams(question)}`, signal),
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
    enabled: environment !== undefined,
  });
  const compared = useQuery({
    queryKey: keys.mesh(mesh, "topology", { ...question, at: versus }),
    queryFn: ({ signal }) =>
      get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams({ ...question, at: versus ?? "" })}`, signal),
    enabled: versus !== null && versus !== "draft" && environment !== undefined,
  });
  const findingsQuery = useQuery({
    queryKey: keys.mesh(mesh, "findings", at),
    queryFn: ({ signal }) => get<FindingsDto>(`/meshes/${mesh}/findings?at=${at}`, signal),
    placeholderData: keepPreviousData,
  });

  const comments = usePinnedComments(mesh);
  const document = useArrived(isDraft ? (draft.snapshot?.document ?? null) : (topology.data?.document ?? null));
  const positions = (isDraft ? draft.snapshot?.positions : topology.data?.positions) ?? noPositions;
  const live = useMemo(
    () => (topology.data ? indexLive(topology.data.dependencies, topology.data.services) : nothingLive),
    [topology.data],
  );
  const other = versus === "draft" ? draft.snapshot?.document : versus ? compared.data?.document : undefined;
  const otherPositions = versus === "draft" ? draft.snapshot?.positions : compared.data?.positions;
  const changes = useMemo(() => (document && other ? changesBetween(other, document) : null), [document, other]);
  const findings = findingsQuery.data?.items ?? noFindings;
  const byObject = useMemo(() => findingsByObject(findings), [findings]);
  const pinned = useMemo(
    () => (document && comments.data ? pinnedAt(document, comments.data.items) : noPins),
    [document, comments.data],
  );
  const pinCounts = useMemo(() => new Map([...pinned].map(([key, list]) => [key, list.length])), [pinned]);
  const query = useDeferredValue(search);
  const matches = useMemo(() => (document ? matching(document, query) : null), [document, query]);

  const drawn = useMemo(() => document?.objects.filter(isDrawn).length ?? 0, [document]);
  const counts = useMemo(() => countsOf(document), [document]);
  const grouping = look.groupingFor(drawn);
  const groups = useMemo(() => (document ? groupsOf(document, grouping) : noGroups), [document, grouping]);
  // A link to a box inside a closed group opens that group. As text, because most selections enter no other group.
  const enteredText = [...new Set(selection.flatMap((key) => groups.get(key) ?? []))].sort().join("\n");
  const entered = useMemo(() => new Set(enteredText.split("\n")), [enteredText]);
  const picture = useMemo(() => {
    if (!document) return { nodes: [], edges: [], frames: [], names: [] };
    const input = {
      document,
      positions,
      live,
      layer,
      findings: byObject,
      comments: pinCounts,
      changes: changes?.marks ?? noChanges,
      matches,
    };
    const plain = overlaid(overlay, { document, live, nodes: canvasNodes(input), edges: canvasEdges(input) });
    const ghosts = other ? ghostsOf(document, other, otherPositions ?? noPositions) : noGhosts;
    const whole = { nodes: [...plain.nodes, ...ghosts.nodes], edges: [...plain.edges, ...ghosts.edges] };
    const grouped =
      groups.size === 0
        ? { ...whole, frames: [] }
        : groupPicture(whole.nodes, whole.edges, groups, (group) => isOpen(group, drawn) || entered.has(group));
    return { ...grouped, names: plain.names };
  }, [
    document,
    positions,
    live,
    layer,
    overlay,
    byObject,
    pinCounts,
    changes,
    matches,
    other,
    otherPositions,
    groups,
    isOpen,
    drawn,
    entered,
  ]);

  return {
    draft,
    document,
    positions,
    live,
    measuredAt: topology.data?.measuredAt ?? null,
    findings,
    pinned,
    reviews: comments.data?.reviews ?? null,
    changes,
    nodes: useSameIdentity(picture.nodes),
    edges: useSameIdentity(picture.edges),
    frames: useSameIdentity(picture.frames),
    names: picture.names,
    groups,
    drawn,
    services: counts.services,
    dependencies: counts.dependencies,
    liveError: topology.error,
    isDraft,
    isReading: environment !== undefined && topology.isPending,
    error: isDraft && draft.snapshot ? null : (draft.error ?? topology.error),
    retry: () => {
      draft.reload();
      void topology.refetch();
    },
  };
}

/**
 * The first document is taken in as a transition: what is asked of the page meanwhile comes first, and a large picture is
 * built in slices. Later ones are shown at once, because they are the answer to a hand.
 */
function useArrived(document: MeshDocument | null): MeshDocument | null {
  const isThere = document !== null;
  const [hasArrived, setArrived] = useState(isThere);
  useEffect(() => {
    if (isThere) startTransition(() => setArrived(true));
  }, [isThere]);
  return hasArrived ? document : null;
}

const noPositions: Positions = {};
const noGroups: ReadonlyMap<string, string> = new Map();
const noGhosts = { nodes: [], edges: [] };
const noFindings: FindingDto[] = [];
const noPins: ReadonlyMap<string, Pinned[]> = new Map();

function countsOf(document: MeshDocument | null) {
  const of = (kind: string) => document?.objects.filter((object) => object.kind === kind).length ?? 0;
  return { services: of("Service"), dependencies: of("Dependency") };
}

function findingsByObject(findings: readonly FindingDto[]) {
  const out = new Map<string, { count: number; worst: Status }>();
  for (const finding of findings) {
    if (finding.accepted) continue;
    const status: Status = finding.severity === "info" ? "unmeasured" : severityStatus[finding.severity];
    for (const key of finding.refs) {
      const known = out.get(key);
      out.set(key, { count: (known?.count ?? 0) + 1, worst: worstStatus([status, ...(known ? [known.worst] : [])]) });
    }
  }
  return out;
}

function matching(document: MeshDocument, search: string): ReadonlySet<string> | null {
  const text = search.trim().toLowerCase();
  if (text === "") return null;
  const hit = (value: string | undefined) => value?.toLowerCase().includes(text) ?? false;
  return new Set(
    document.objects
      .filter(
        (object) =>
          isDrawn(object) &&
          (hit(object.metadata.name) ||
            hit(object.metadata.namespace) ||
            ("owner" in object.spec && hit(object.spec.owner))),
      )
      .map(objectKey),
  );
}

/** Keeps the old object where the new one says the same, so that memoised boxes and lines do not render again. */
function useSameIdentity<T extends { id: string }>(next: readonly T[]): readonly T[] {
  const known = useRef(new Map<string, T>());
  return useMemo(() => {
    const now = new Map<string, T>();
    for (const value of next) {
      const old = known.current.get(value.id);
      now.set(value.id, old && saysTheSame(old, value) ? old : value);
    }
    known.current = now;
    return [...now.values()];
  }, [next]);
}

/** Field by field; lists and small objects (chips, badges) by their text. */
function saysTheSame<T extends object>(a: T, b: T): boolean {
  for (const key of Object.keys(b) as (keyof T)[]) {
    const left = a[key];
    const right = b[key];
    if (left === right) continue;
    if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
    if (JSON.stringify(left) !== JSON.stringify(right)) return false;
  }
  return true;
}
