// Runs the analyzers over an index that is kept, and asks again only those whose answers may have changed.
// The rule: each run is kept with the questions it asked; a change names those who asked what is answered differently now, and their runs are made anew.
// So a result after any changes is that of a whole run, as long as analyzers look only through the index they are given.
import {
  changeBetween,
  createLiveIndex,
  KINDS,
  type Kind,
  type MeshDocument,
  type MeshObject,
  type ObjectChange,
  type ObjectKey,
  objectKey,
  Reader,
} from "@/lib/mesh";
import { analyzers } from "./analyzers";
import type { Analyzer, Facts, Finding, FindingBody } from "./finding";
import { Findings, Found, nameOf } from "./order";

/** Findings of a design that changes: the first change is the whole design. */
export type Analysis = {
  change(change: ObjectChange): void;
  /** Makes the change that leads to this document. Objects that are the same values did not change. */
  update(document: MeshDocument): void;
  findings(): Finding[];
  /** How many runs the last change cost. */
  lastRuns(): number;
};

const NONE: readonly never[] = [];

/** An analyzer and what it is about, with what it found there. Whoever asked nothing and found nothing is not kept. */
class Run extends Reader {
  found: readonly Found[] = NONE;
  constructor(
    readonly desk: Desk,
    readonly place: number,
  ) {
    super();
  }
}

/** All runs about one object, or about the mesh. */
class Desk {
  object: MeshObject | undefined;
  readonly runs: (Run | undefined)[] = [];
  /** The last change in which it was gone through as a whole. */
  round = 0;
  constructor(
    readonly analyzers: readonly Analyzer[],
    readonly key?: ObjectKey,
  ) {}
}

const OF_MESH = analyzers.filter((each) => each.scope === "mesh");
const BY_KIND = new Map<Kind, readonly Analyzer[]>(
  KINDS.map((kind) => [kind, analyzers.filter((each) => each.scope === "object" && each.kinds.includes(kind))]),
);

export function createAnalysis(facts: Facts): Analysis {
  const live = createLiveIndex();
  const near = live.asking("each question");
  const wide = live.asking("kinds");
  const ofMesh = new Desk(OF_MESH);
  const desks = new Map<ObjectKey, Desk>();
  const findings = new Findings();
  /** The document that was shown last; undefined: what is known was not shown as a document, or not with one object for each key. */
  let shown: readonly MeshObject[] | undefined = NONE;
  let round = 0;
  let lastRuns = 0;

  function bodiesOf(analyzer: Analyzer, object: MeshObject | undefined): readonly FindingBody[] {
    if (analyzer.scope === "mesh") return analyzer.run(wide, facts);
    return object ? analyzer.run(analyzer.looksWide ? wide : near, object, facts) : NONE;
  }

  /** Its own object is not noted: whoever changes it asks again anyway. */
  function nameFor(body: FindingBody, { key, object }: Desk): string {
    const about = body.refs[0] ?? "";
    const named = about === key ? object : near.get(about);
    return nameOf(body, named?.metadata.uid ?? about);
  }

  function make(desk: Desk, place: number) {
    const analyzer = desk.analyzers[place];
    if (!analyzer) return;
    lastRuns += 1;
    live.notes.start();
    const bodies = bodiesOf(analyzer, desk.object);
    const found = bodies.length === 0 ? NONE : bodies.map((body) => new Found(body, analyzer, nameFor(body, desk)));
    const known = desk.runs[place];
    if (!known && found.length === 0 && live.notes.isEmpty) return;
    const run = known ?? new Run(desk, place);
    desk.runs[place] = run;
    live.notes.keep(run);
    for (const each of run.found) findings.remove(each);
    for (const each of found) findings.add(each);
    run.found = found;
  }

  function makeAll(desk: Desk) {
    desk.round = round;
    for (const place of desk.analyzers.keys()) make(desk, place);
  }

  function close(desk: Desk) {
    desk.round = round;
    for (const run of desk.runs) {
      if (!run) continue;
      live.notes.forget(run);
      for (const each of run.found) findings.remove(each);
    }
  }

  function deskOf(object: MeshObject): Desk {
    const key = objectKey(object);
    const desk = desks.get(key) ?? new Desk(BY_KIND.get(object.kind) ?? NONE, key);
    desk.object = object;
    desks.set(key, desk);
    return desk;
  }

  function change({ put, remove }: ObjectChange) {
    shown = undefined;
    lastRuns = 0;
    round += 1;
    const again = live.change(put, remove);
    for (const key of remove) {
      const desk = desks.get(key);
      if (desk) close(desk);
      desks.delete(key);
    }
    for (const desk of new Set(put.map(deskOf))) makeAll(desk);
    if (ofMesh.round === 0) makeAll(ofMesh);
    for (const run of again) if (run instanceof Run && run.desk.round < round) make(run.desk, run.place);
  }

  /** Of two objects with one key the later counts. */
  function changeTo(objects: readonly MeshObject[]): ObjectChange {
    const wanted = new Map(objects.map((object) => [objectKey(object), object]));
    return {
      put: [...wanted].flatMap(([key, object]) => (desks.get(key)?.object === object ? [] : [object])),
      remove: [...desks.keys()].filter((key) => !wanted.has(key)),
    };
  }

  return {
    change,
    update({ objects }) {
      change(shown ? changeBetween(shown, objects) : changeTo(objects));
      if (desks.size !== objects.length) change(changeTo(objects));
      shown = desks.size === objects.length ? objects : undefined;
    },
    findings: () => findings.sorted(),
    lastRuns: () => lastRuns,
  };
}
