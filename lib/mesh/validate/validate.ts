// Whether the objects of a document fit together. A revision can be made and compiled only when this says nothing.
// The rule: what is here can never work (a violation); what works but is unwise or surprising is a finding of lib/analysis.
import { buildIndex, type MeshIndex } from "../index-document";
import { objectKey } from "../refs";
import type { MeshDocument, MeshObject, Violation } from "../types";
import { violationsOfAuthorization } from "./authorization";
import { violationsOfAuthorizers } from "./authorizers";
import { type Complaint, located } from "./complaint";
import { violationsOfLocality } from "./locality";
import { violationsOfRateLimit } from "./rate-limit";
import { violationsOfReferences } from "./references";
import { violationsOfRequestAuthentication } from "./request-authentication";
import { violationsOfRoute } from "./route";
import { violationsOfTcpRoute } from "./tcp-route";
import { violationsOfTopology } from "./topology";
import { violationsOfTwins } from "./twins";

type Check = (object: MeshObject, index: MeshIndex) => Complaint[];

const CHECKS: Check[] = [
  violationsOfReferences,
  violationsOfTopology,
  violationsOfRoute,
  violationsOfTcpRoute,
  violationsOfRateLimit,
  violationsOfLocality,
  violationsOfAuthorization,
  violationsOfAuthorizers,
  violationsOfRequestAuthentication,
];

/** Consistency of a document that already follows the schema; every problem at once, in the order of the objects. */
export function validateDocument(document: MeshDocument): Violation[] {
  const index = buildIndex(document);
  const perObject = document.objects.flatMap((object) => violationsOfObject(object, index));
  const [mesh, twins] = [violationsOfMesh(document), violationsOfTwins(document)];
  return [...mesh, ...perObject, ...twins];
}

/** Whether one object fits to what it names. */
export function violationsOfObject(object: MeshObject, index: MeshIndex): Violation[] {
  const complaints: Complaint[] = [];
  for (const check of CHECKS) complaints.push(...check(object, index));
  return complaints.length === 0 ? [] : complaints.map((complaint) => located(objectKey(object), complaint));
}

function violationsOfMesh(document: MeshDocument): Violation[] {
  const meshes = document.objects.filter((object) => object.kind === "Mesh");
  if (meshes.length === 1) return [];
  if (meshes.length === 0) {
    return [
      { path: "document", message: "has no Mesh object", fix: "Add one: it holds the trust domain and the defaults." },
    ];
  }
  return meshes
    .slice(1)
    .map((mesh) => located(objectKey(mesh), { path: [], message: "is a second Mesh", fix: "Keep one." }));
}
