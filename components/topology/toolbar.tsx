"use client";
// The row above the canvas: search, layer, picture or table, edit actions. Rule: every button has a word and a key.
import { ActionIcon, Button, Group, Menu, SegmentedControl, Select, TextInput, Tooltip } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconBox,
  IconCopy,
  IconDoorEnter,
  IconLayoutGrid,
  IconPlayerPlay,
  IconPlus,
  IconSearch,
  IconTable,
  IconTopologyStar3,
  IconTrash,
  IconWorld,
} from "@tabler/icons-react";
import type { Ref } from "react";
import { SaveStateWord } from "@/components/draft";
import { LookMenu } from "./look-menu";
import type { Layer } from "./model/to-canvas";
import type { ExportKind } from "./save-file";
import classes from "./topology.module.css";
import type { Gestures } from "./use-gestures";
import type { Look } from "./use-look";
import type { Topology } from "./use-topology";

const layerWords: { value: Layer; label: string }[] = [
  { value: "drawn", label: "Drawn" },
  { value: "granted", label: "Granted" },
  { value: "seen", label: "Seen" },
  { value: "disagreements", label: "Disagreements" },
];

export function Toolbar(props: {
  topology: Topology;
  gestures: Gestures;
  editable: boolean;
  selected: number;
  look: Look;
  onExport(kind: ExportKind): void;
  show: "canvas" | "table";
  onShow(show: "canvas" | "table"): void;
  search: string;
  onSearch(text: string): void;
  searchRef: Ref<HTMLInputElement>;
  onQuickAdd(): void;
}) {
  const { gestures, editable, topology } = props;
  const snapshot = topology.draft.snapshot;
  return (
    <div className={`${classes.toolbar} touch`} role="toolbar" aria-label="Topology tools">
      <Group gap={8} wrap="nowrap" className={classes.toolbarPart} data-part="look">
        <SegmentedControl
          size="xs"
          aria-label="Picture or table"
          value={props.show}
          onChange={(value) => props.onShow(value === "table" ? "table" : "canvas")}
          data={[
            { value: "canvas", label: <IconTopologyStar3 size={16} aria-label="Picture" /> },
            { value: "table", label: <IconTable size={16} aria-label="Table" /> },
          ]}
        />
        <TextInput
          ref={props.searchRef}
          size="xs"
          className={classes.search}
          placeholder="Search"
          aria-label="Search services, owners, namespaces"
          leftSection={<IconSearch size={14} />}
          value={props.search}
          onChange={(event) => props.onSearch(event.currentTarget.value)}
        />
        <Select
          size="xs"
          className={classes.layer}
          aria-label="Layer"
          value={props.look.layer}
          onChange={(value) => props.look.setLayer(layerWords.find((each) => each.value === value)?.value ?? "drawn")}
          data={layerWords}
          allowDeselect={false}
          checkIconPosition="right"
        />
        <LookMenu look={props.look} drawn={topology.drawn} onExport={props.onExport} />
      </Group>
      {editable ? (
        <Group gap={4} wrap="nowrap" className={classes.toolbarPart} data-part="edit">
          <Menu position="bottom-end" width={220}>
            <Menu.Target>
              <Button size="xs" leftSection={<IconPlus size={14} />}>
                Add
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconBox size={16} />} onClick={() => gestures.add("Service", "")}>
                Service
              </Menu.Item>
              <Menu.Item leftSection={<IconDoorEnter size={16} />} onClick={() => gestures.add("Gateway", "")}>
                Gateway
              </Menu.Item>
              <Menu.Item leftSection={<IconWorld size={16} />} onClick={() => gestures.add("ExternalService", "")}>
                External service
              </Menu.Item>
              <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={() => gestures.add("Workload", "")}>
                Workload that only calls
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item leftSection={<IconPlus size={16} />} onClick={props.onQuickAdd} rightSection="a">
                By typing
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Tool
            label="Undo (Ctrl Z)"
            icon={<IconArrowBackUp size={18} />}
            disabled={!snapshot?.canUndo}
            onClick={topology.draft.undo}
          />
          <Tool
            label="Redo (Ctrl Shift Z)"
            icon={<IconArrowForwardUp size={18} />}
            disabled={!snapshot?.canRedo}
            onClick={topology.draft.redo}
          />
          <Tool
            label="Copy (Ctrl C)"
            icon={<IconCopy size={18} />}
            disabled={props.selected === 0}
            onClick={() => void gestures.copy()}
          />
          <Tool
            label="Delete"
            icon={<IconTrash size={18} />}
            disabled={props.selected === 0}
            onClick={() => gestures.askToRemove()}
          />
          <Tool
            label="Lay out (l)"
            icon={<IconLayoutGrid size={18} />}
            loading={gestures.isLayingOut}
            onClick={() => void gestures.layOut()}
          />
          {snapshot ? <SaveStateWord snapshot={snapshot} /> : null}
        </Group>
      ) : null}
    </div>
  );
}

function Tool(props: {
  label: string;
  icon: React.ReactNode;
  disabled?: boolean;
  loading?: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon
        size="md"
        aria-label={props.label}
        disabled={props.disabled}
        loading={props.loading}
        onClick={props.onClick}
      >
        {props.icon}
      </ActionIcon>
    </Tooltip>
  );
}
