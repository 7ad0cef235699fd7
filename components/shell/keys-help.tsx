"use client";
// `?` lists the keys. Rule: one list; a key that is not here does not exist.
import { Modal, SimpleGrid, Stack, Text } from "@mantine/core";
import { createStore, useStore } from "@/components/ui";
import { navigation } from "./navigation";
import classes from "./shell.module.css";

const store = createStore(false);

export const openKeysHelp = () => store.set(true);

const groups: { title: string; keys: [string, string][] }[] = [
  {
    title: "Everywhere",
    keys: [
      ["Ctrl K", "Find anything"],
      ["?", "This list"],
      ...navigation.map((entry): [string, string] => [`g ${entry.key}`, entry.label]),
    ],
  },
  {
    title: "Topology",
    keys: [
      ["/", "Search on the canvas"],
      ["a", "Quick add"],
      ["c", "Connect the selected, by typing"],
      ["Enter", "Open the selected"],
      ["Delete", "Delete the selected"],
      ["Ctrl Z", "Undo"],
      ["Ctrl Shift Z", "Redo"],
      ["Ctrl C · Ctrl V", "Copy, paste"],
      ["Ctrl A", "Select all"],
      ["l", "Lay out"],
      ["f", "Fit everything"],
      ["Shift drag", "Select many"],
      ["Esc", "Clear the selection"],
    ],
  },
  {
    title: "Review",
    keys: [
      ["← · →", "Station before, station after"],
      ["1 … 9", "To that station"],
      ["f", "Full screen"],
      ["n", "Presenter's notes"],
      ["c", "Start or stop the clock"],
      ["m", "Write a comment"],
    ],
  },
];

export function KeysHelp() {
  const opened = useStore(store);
  return (
    <Modal opened={opened} onClose={() => store.set(false)} title="Keys" size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        {groups.map((group) => (
          <Stack key={group.title} gap={4}>
            <Text size="xs" fw={600} c="dimmed">
              {group.title}
            </Text>
            {group.keys.map(([key, what]) => (
              <div key={key} className={classes.keyRow}>
                <span>{what}</span>
                <kbd className={classes.kbd}>{key}</kbd>
              </div>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
