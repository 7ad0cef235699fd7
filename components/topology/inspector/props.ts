// What each part of the inspector gets.
import type { Gestures } from "../use-gestures";
import type { Topology } from "../use-topology";

export interface InspectorProps {
  topology: Topology;
  gestures: Gestures;
  editable: boolean;
  selection: readonly string[];
  onSelect(keys: string[]): void;
  onFold(group: string): void;
}
