"use client";
// Colour by, group by, export: one menu, so that the row of tools stays one row.
import { Button, Menu } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconCheck, IconDownload } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type Grouping, groupings } from "./model/groups";
import { overlays, overlayWords } from "./model/overlays";
import { type ExportKind, exportKinds } from "./save-file";
import type { Look } from "./use-look";

const groupWords: Record<Grouping, string> = {
  none: "Not grouped",
  namespace: "Namespace",
  boundary: "Trust boundary",
  owner: "Owner",
};

export function LookMenu(props: { look: Look; drawn: number; onExport(kind: ExportKind): void }) {
  const { look } = props;
  const grouping = look.groupingFor(props.drawn);
  return (
    <Menu position="bottom-start" width={210}>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconAdjustmentsHorizontal size={14} />}>
          View
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: "auto" }}>
        <Menu.Label>Colour by</Menu.Label>
        {overlays.map((overlay) => (
          <Choice key={overlay} isOn={overlay === look.overlay} onChoose={() => look.setOverlay(overlay)}>
            {overlayWords[overlay]}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>Group by</Menu.Label>
        {groupings.map((each) => (
          <Choice key={each} isOn={each === grouping} onChoose={() => look.setGrouping(each)}>
            {groupWords[each]}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>Export the whole picture</Menu.Label>
        {exportKinds.map((kind) => (
          <Menu.Item key={kind} leftSection={<IconDownload size={14} />} onClick={() => props.onExport(kind)}>
            {kind}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Choice(props: { isOn: boolean; onChoose(): void; children: ReactNode }) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={props.isOn}
      rightSection={props.isOn ? <IconCheck size={14} /> : null}
      onClick={props.onChoose}
    >
      {props.children}
    </Menu.Item>
  );
}
