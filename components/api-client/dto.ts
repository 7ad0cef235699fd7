// Names of the API's answers as screens use them.
export interface PageOf<T> {
  items: T[];
  nextCursor?: string | null;
}
export interface MeshSummary {
  id: string;
  slug: string;
  name: string;
}
export interface Me {
  id: string;
  name: string | null;
  email: string;
  roles: { role: string; mesh: string | null }[];
}
export interface EnvironmentSummary {
  id: string;
  name: string;
  running?: { revision: number | null; digest: string | null } | null;
}
export interface RevisionSummary {
  number: number;
  digest: string;
  message: string | null;
  createdAt: string;
  author?: string | null;
}
export interface DraftState {
  version: number;
  document: { objects: { kind: string; metadata: { name: string; namespace?: string } }[] };
}
